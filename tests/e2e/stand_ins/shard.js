// A shard, as far as others see it: it answers with its own id.
const { createServer } = require('node:http');

process.on('SIGTERM', () => process.exit(0));
createServer((_, response) => response.end(process.env.BAILEYS_SHARD_ID))
  .listen(process.env.BAILEYS_PORT);
