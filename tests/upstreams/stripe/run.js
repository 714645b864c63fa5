// A gateway of Stripe's shape on loopback alone; says READY and its port.
const { createExpressApp } = require(require.resolve("stripe-stateful-mock", { paths: [process.argv[2]] }));
const server = createExpressApp().listen(0, "127.0.0.1", () => console.log("READY", server.address().port));
