// The ward board's first load may weigh 150 KB gzip of JavaScript and CSS together (docs/ux.md).
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const budgetInKilobytes = 150;
const boardChunks = ['main', 'ward-board'];

const here = path.dirname(fileURLToPath(import.meta.url));
const outputFolder = path.resolve(here, '../../static/app');
const stats = JSON.parse(readFileSync(path.join(outputFolder, 'webpack-stats.json'), 'utf8'));

const firstLoad = new Set();
for (const chunk of boardChunks) {
  for (const file of stats.chunks[chunk] ?? []) firstLoad.add(typeof file === 'string' ? file : file.name);
}
for (const name of Object.keys(stats.assets)) {
  if (boardChunks.some((chunk) => name.startsWith(`${chunk}.`))) firstLoad.add(name);
}

let total = 0;
for (const name of firstLoad) {
  if (!/\.(js|css)$/.test(name)) continue;
  const kilobytes = gzipSync(readFileSync(path.join(outputFolder, name))).length / 1000;
  total += kilobytes;
  console.log(`${kilobytes.toFixed(1).padStart(7)} KB  ${name}`);
}
console.log(
  `${total.toFixed(1).padStart(7)} KB  first load of the ward board, gzip (budget ${budgetInKilobytes} KB)`,
);
if (total > budgetInKilobytes) process.exit(1);
