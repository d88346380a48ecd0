/** The reference of the calls from Node, as one Markdown page, by typedoc out of the doc comments of src/index.ts. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, type TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';
import { slugOf } from './markdown.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** What an experiment of one's own hands on without taking it apart: src/experiments/plan.ts and src/data/types.ts describe it. */
const PLAN_TYPES = [
  'ANALYSIS_NAMES',
  'BuiltInRelabel',
  'ClassTargets',
  'LabelSpec',
  'ModulePath',
  'ObjectiveSpec',
  'RelabelNeed',
  'SplitSpec',
  'Splits',
  'StepSpec',
  'TaskKind',
  'w2s-native/src/experiments/train.ts:TrainSettings',
] as const;

const OPTIONS: TypeDocOptions & PluginOptions = {
  entryPoints: [join(root, 'src', 'index.ts')],
  tsconfig: join(root, 'tsconfig.build.json'),
  plugin: ['typedoc-plugin-markdown'],
  // One page, without lines and links that change with every commit.
  outputFileStrategy: 'modules',
  disableSources: true,
  readme: 'none',
  name: 'w2s-native from Node',
  groupOrder: ['Functions', 'Classes', 'Interfaces', 'Type Aliases', 'Variables'],
  sort: ['source-order'],
  hidePageHeader: true,
  hideBreadcrumbs: true,
  useCodeBlocks: true,
  expandObjects: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  requiredToBeDocumented: ['Class', 'Interface', 'TypeAlias', 'Function', 'Variable', 'Method', 'Accessor'],
  intentionallyNotExported: [...PLAN_TYPES],
  validation: { notExported: true, invalidLink: true, invalidPath: true, notDocumented: true },
  // `npm run typecheck` is there for those.
  skipErrorChecking: true,
  logLevel: 'Warn',
};

/**
 * The whole page.
 * @throws where typedoc has a warning: a broken link, a type that is used and not exported, a missing comment.
 */
export async function apiReference(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'w2s-api-'));
  try {
    const app = await Application.bootstrapWithPlugins({
      ...OPTIONS,
      outputs: [{ name: 'markdown', path: folder }],
    });
    const project = await app.convert();
    if (project) app.validate(project);
    if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) {
      throw new Error('typedoc has something to say about the doc comments; see above');
    }
    await app.generateOutputs(project);
    return withOpening(tidy(await readFile(join(folder, 'README.md'), 'utf8')));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const OPENING = `<!-- Written by \`npm run docs\` from the doc comments of what src/index.ts exports. Change it there. -->

Whole experiments are \`weakToStrong\`, \`bootstrap\`, \`reward\` and \`bestOf\`, questions about them \`analyse\`, single steps \`finetune\`,
\`label\`, \`evaluate\` and \`generate\`, the engine itself \`openModel\` and
\`createTrainer\`. Settings are the flags of the command of the same name in camelCase; what each means and its default
stand in [Command line](cli.md). Every failure is a \`W2sError\`.`;

function withOpening(page: string): string {
  const [title = '', ...rest] = page.split('\n');
  return [title, '', OPENING, ...rest].join('\n');
}

/** Links lead to the headings as GitHub and editors name them; the plugin miscounts on one page. */
function tidy(page: string): string {
  const text = page
    .replace(/<a id="property-[^"]*"><\/a> /g, '')
    .replace(/\[(`[^`]+`)\]\(#property-[^)]*\)/g, '$1');
  const anchors = anchorsOf(text);
  return text.replace(/\[`(\w+)`\]\(#[\w-]+\)/g, (link, name: string) =>
    anchors.has(name) ? `[\`${name}\`](#${anchors.get(name)})` : link,
  );
}

/** Anchors of the page's symbols: lower case, and numbered where an earlier heading has the same. */
function anchorsOf(page: string): Map<string, string> {
  const anchors = new Map<string, string>();
  const seen = new Map<string, number>();
  for (const [, marks, title = ''] of page.matchAll(/^(#+) (.+)$/gm)) {
    const name = title.replace(/[\\()]/g, '');
    const slug = slugOf(name);
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    if (marks === '###') anchors.set(name, count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}
