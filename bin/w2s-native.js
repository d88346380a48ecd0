#!/usr/bin/env node
// The committed executable. `--version` answers here and loads nothing but its number.
import { existsSync, readFileSync } from 'node:fs';

const [first] = process.argv.slice(2);
const main = new URL('../dist/cli/main.js', import.meta.url);

if (first === '--version' || first === '-v') {
  console.log(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version);
} else if (existsSync(main)) {
  await import(main.href);
} else {
  console.error('Error [ERR_ENVIRONMENT]: Expected dist/cli/main.js but this checkout was not compiled yet.');
  console.error('  npm ci && npm run build');
  process.exitCode = 3;
}
