// node server.js: the shop, with its sample catalogue where the database is empty. Says READY once it answers.
require('reflect-metadata');
const fs = require('fs');
const path = require('path');
const { bootstrap, JobQueueService } = require('@vendure/core');
const { config } = require('./config');

fs.mkdirSync(path.join(process.env.SHOP_DATA, 'assets'), { recursive: true });

async function start() {
  const boot = async () => {
    const app = await bootstrap(config);
    await app.get(JobQueueService).start();
    return app;
  };
  if (process.env.SHOP_FRESH !== '1') return boot();
  const samples = path.join(path.dirname(require.resolve('@vendure/create/package.json')), 'assets');
  config.importExportOptions = { importAssetsDir: path.join(samples, 'images') };
  process.env.CREATING_VENDURE_APP = 'true';
  const { populate } = require('@vendure/core/cli');
  return populate(boot, path.join(samples, 'initial-data.json'), path.join(samples, 'products.csv'));
}

start().then(app => {
  console.log('READY');
  const stop = () => app.close().then(() => process.exit(0));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}).catch(error => { console.error(error); process.exit(1); });
