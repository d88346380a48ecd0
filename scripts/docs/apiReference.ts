/** The reference of the calls from Node, as one Markdown page, by typedoc out of the doc comments of src/index.ts. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, type TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

const OPTIONS: TypeDocOptions & PluginOptions = {
  entryPoints: [join(root, 'src', 'index.ts')],
  tsconfig: join(root, 'tsconfig.build.json'),
  plugin: ['typedoc-plugin-markdown'],
  // One page, without lines and links that change with every commit.
  outputFileStrategy: 'modules',
  disableSources: true,
  readme: 'none',
  name: 'w2s-native from Node',
  hideGroupHeadings: false,
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  validation: { notExported: true, invalidLink: true, invalidPath: true, notDocumented: true },
  logLevel: 'Warn',
};

/**
 * The whole page.
 * @throws where typedoc has a warning: a broken link, a type that is used and not exported, a missing comment.
 */
export async function apiReference(): Promise<string> {
  const app = await Application.bootstrapWithPlugins(OPTIONS);
  const project = await app.convert();
  if (project) app.validate(project);
  if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new Error('typedoc has something to say about the doc comments; see above');
  }
  const folder = await mkdtemp(join(tmpdir(), 'w2s-api-'));
  try {
    await app.generateDocs(project, folder);
    const pages = (await readdir(folder)).filter((name) => name.endsWith('.md'));
    const text = await Promise.all(pages.map((name) => readFile(join(folder, name), 'utf8')));
    return text.join('\n');
  } finally {
    await rm(folder, { recursive: true });
  }
}
