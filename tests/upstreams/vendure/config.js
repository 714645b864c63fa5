// A small Vendure shop for tests: no build step, every address on loopback, money taken by a Stripe-shaped gateway.
const path = require('path');
const crypto = require('crypto');
const {
  DefaultJobQueuePlugin, DefaultLogger, DefaultSearchPlugin, EventBus, HistoryEntryEvent, LogLevel,
  OrderStateTransitionEvent, PaymentMethodHandler, PaymentStateTransitionEvent, PluginCommonModule,
  RandomBytesApiKeyStrategy, RefundEvent, RefundStateTransitionEvent, VendurePlugin, dummyPaymentHandler,
} = require('@vendure/core');
const { AssetServerPlugin } = require('@vendure/asset-server-plugin');

const env = process.env;
const DATA = env.SHOP_DATA;
const PORT = Number(env.SHOP_PORT);

// Vendure sends no webhooks of its own; a plugin on its event bus is the documented way. Signed as
// standardwebhooks.com says, so that whoever receives them can tell who sent them.
class Webhooks {
  constructor(bus) { this.bus = bus; }
  onApplicationBootstrap() {
    if (!env.SHOP_HOOK_URL) return;
    const tell = (type, order, more) => this.post({ type, orderId: order && order.id, ...more });
    this.bus.ofType(OrderStateTransitionEvent).subscribe(e => tell('order.state', e.order, { to: e.toState }));
    this.bus.ofType(PaymentStateTransitionEvent).subscribe(e => tell('payment.state', e.order, { to: e.toState }));
    this.bus.ofType(RefundStateTransitionEvent).subscribe(e => tell('refund.state', e.order, { to: e.toState }));
    this.bus.ofType(RefundEvent).subscribe(e => tell('refund.made', e.order, { state: e.refund.state }));
    this.bus.ofType(HistoryEntryEvent).subscribe(e => tell('history', e.entity && e.entity.order, { kind: e.historyType }));
  }
  post(value) {
    const body = JSON.stringify(value);
    const id = crypto.randomUUID();
    const at = String(Math.floor(Date.now() / 1000));
    const key = Buffer.from(env.SHOP_HOOK_SECRET, 'utf8');
    const signature = crypto.createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
    const headers = {
      'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': `v1,${signature}`,
    };
    fetch(env.SHOP_HOOK_URL, { method: 'POST', headers, body }).catch(e => console.error('webhook', e.message));
  }
}
Reflect.defineMetadata('design:paramtypes', [EventBus], Webhooks);
VendurePlugin({ imports: [PluginCommonModule], compatibility: '^3.0.0' })(Webhooks);

async function gateway(where, form) {
  const answer = await fetch(env.GATEWAY_URL + where, {
    method: 'POST', body: new URLSearchParams(form), headers: { authorization: 'Bearer sk_test_12345' },
  });
  return { ok: answer.status === 200, body: await answer.json() };
}
const card = new PaymentMethodHandler({
  code: 'gateway', description: [{ languageCode: 'en', value: 'Card' }], args: {},
  createPayment: async (ctx, order, amount, args, given) => {
    const { ok, body } = await gateway('/v1/charges', {
      amount, currency: order.currencyCode.toLowerCase(), source: given.token || 'tok_visa', 'metadata[order_code]': order.code,
    });
    if (!ok) return { amount, state: 'Declined', errorMessage: body.error && body.error.message, metadata: {} };
    const { brand, last4 } = body.payment_method_details.card;
    return { amount, state: 'Settled', transactionId: body.id, metadata: { public: { brand, last4 } } };
  },
  settlePayment: async () => ({ success: true }),
  createRefund: async (ctx, input, amount, order, payment) => {
    const { ok, body } = await gateway('/v1/refunds', {
      charge: payment.transactionId, amount, 'metadata[order_code]': order.code,
    });
    return ok ? { state: 'Settled', transactionId: body.id } : { state: 'Failed', metadata: { error: body.error } };
  },
});

// A password costs a third of a second by default: four rounds are enough for a shop that lives a minute.
const bcrypt = require('bcrypt');
const quick = { hash: word => bcrypt.hash(word, 4), check: (word, hash) => bcrypt.compare(word, hash) };

exports.config = {
  apiOptions: { hostname: '127.0.0.1', port: PORT, adminApiPath: 'admin-api', shopApiPath: 'shop-api', adminListQueryLimit: 1000 },
  authOptions: {
    tokenMethod: ['bearer', 'api-key'], requireVerification: false, cookieOptions: { secret: 'tests' },
    superadminCredentials: { identifier: 'superadmin', password: 'superadmin' }, passwordHashingStrategy: quick,
    adminApiKeyStrategy: new RandomBytesApiKeyStrategy({ hashingStrategy: quick }),
  },
  logger: new DefaultLogger({ level: LogLevel.Warn, timestamp: false }),
  dbConnectionOptions: {
    type: 'postgres', host: env.PGHOST, port: Number(env.PGPORT), username: env.PGUSER, password: env.PGPASSWORD || '',
    database: env.PGDATABASE, synchronize: true, logging: false,
  },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler, card] },
  customFields: {
    // Where this merchant's staff hangs the customer's pictures.
    Order: [{ name: 'evidence', type: 'relation', entity: require('@vendure/core').Asset, list: true, graphQLType: 'Asset', eager: false }],
  },
  plugins: [
    AssetServerPlugin.init({ route: 'assets', assetUploadDir: path.join(DATA, 'assets') }),
    DefaultJobQueuePlugin.init({ pollInterval: 200 }),
    DefaultSearchPlugin.init({ bufferUpdates: false }),
    Webhooks,
  ],
};
