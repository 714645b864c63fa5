// node server.js: a Stripe-shaped gateway (a re-implementation by others), its books in memory. Says READY.
const { createExpressApp } = require('stripe-stateful-mock');

createExpressApp().listen(Number(process.env.GATEWAY_PORT), '127.0.0.1', () => console.log('READY'));
