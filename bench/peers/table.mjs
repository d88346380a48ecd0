// The table of docs/performance.md, from the newest result of each machine in bench/results.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CURVE_BAR, CURVE_STEPS, MFU_BARS, PEERS, PRODUCTS_BAR } from './plan.mjs';
import { KIND } from './results.mjs';

const BEGIN = '<!-- bench/peers.mjs --table writes from here -->';
const END = '<!-- to here -->';

/** Writes the table between its two marks. */
export function writeTable(root) {
  const page = join(root, 'docs', 'performance.md');
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`Expected ${BEGIN} and ${END} in docs/performance.md.`);
  const tables = newestResults(join(root, 'bench', 'results'))
    .map(machineTable)
    .join('\n\n');
  writeFileSync(page, `${text.slice(0, from + BEGIN.length)}\n\n${tables}\n\n${text.slice(to)}`);
}

function newestResults(folder) {
  const newest = new Map();
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.json')) continue;
    const document = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    if (document.kind === KIND) newest.set(document.machine, { ...document, name });
  }
  return [...newest.values()];
}

function machineTable(document) {
  const ways = document.rows.flatMap(waysOf);
  const rows = ways.filter(({ error }) => error === undefined);
  const failed = ways.filter(({ error }) => error !== undefined);
  const versions = Object.assign({}, ...rows.flatMap(({ ours, peers }) => versionsOf(ours, peers)));
  const { python, torch, transformers, blas, libtorch } = versions;
  return [
    `### ${document.machine}`,
    '',
    `${document.date}, ${commitsOf(document, rows)}, ${document.threads} threads, ${gigabytes(document.memory)} GB; Node ${document.node}, ` +
      `libtorch ${libtorch}; Python ${python}, PyTorch ${torch}, Transformers ${transformers}, ${blas}. ` +
      `Tokens: ${tokensOf(document, rows)}. ` +
      `[${document.name}](../bench/results/${document.name})`,
    '',
    '| row | tokens a step | ours, s a step | against | theirs, s a step | times as long | spread (rounds) | at least | met | results apart by |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...rows.filter(({ kind }) => kind === 'train' || kind === 'score').flatMap(comparisons),
    ...rows.flatMap(curve),
    ...experiment(rows),
    ...parts(rows.filter(({ kind }) => kind === 'parts')),
    ...utilisation(document.suite ?? []),
    ...suiteSummary(document.suite ?? []),
    ...(failed.length > 0
      ? ['', `Not measured: ${failed.map(({ id, error }) => `\`${id}\` (${plain(error)})`).join('; ')}`]
      : []),
  ].join('\n');
}

/** Of rows and steps: the document's own is that of the run that wrote last. */
function commitsOf(document, rows) {
  const steps = (document.suite ?? []).filter(({ status }) => status !== 'left out');
  const measured = [...rows, ...steps];
  const commits = [...new Set(measured.map(({ commit }) => commit ?? document.commit))];
  return `${commits.length > 1 ? 'commits' : 'commit'} ${commits.join(' and ')}`;
}

/** Where the token lists came from: of the rows, as the commits. */
function tokensOf(document, rows) {
  const computed = rows.filter(({ kind }) => kind === 'train' || kind === 'score');
  const told = computed.map(({ inputs = document.inputs }) => `${inputs?.source}, ${inputs?.tokenizer}`);
  return [...new Set(told)].join('; or ') || 'none';
}

/** A row, and beside it the same with CUDA graphs where they were measured. */
function waysOf(row) {
  if (!row.graphs) return [row];
  return [row, { ...row, ...row.graphs, id: `${row.id}, CUDA graphs` }];
}

function versionsOf(ours, peers) {
  return [ours?.versions ?? {}, ...Object.values(peers ?? {}).map(({ versions }) => versions ?? {})];
}

function comparisons(row) {
  return Object.entries(row.peers).map(([name, peer]) =>
    line([
      row.id,
      Math.round(row.tokensAStep),
      seconds(row.ours.secondsAStep),
      peerName(name, peer),
      seconds(peer.secondsAStep),
      `**${peer.ratio.toFixed(2)}**`,
      spread(peer),
      peer.bar ?? '',
      verdict(peer.met),
      peer.lossSteps === undefined
        ? `${peer.logitDifference.toExponential(1)} (logits)`
        : `${peer.lossDifference.toExponential(1)} (loss, ${peer.lossSteps} steps)`,
    ]),
  );
}

/** A peer, with what was not as its name has it: `compiled` is told where it was asked for alone. */
function peerName(name, { microBatch, versions }) {
  const halves = name === 'padded' && microBatch < 32 ? `, ${microBatch} at a time` : '';
  return `${PEERS[name]}${halves}${versions?.compiled === false ? ', not compiled' : ''}`;
}

/** The smallest round and the largest, and how many there were. */
function spread({ ratioRange = [], rounds = 1 }) {
  const range = rounds > 1 ? `${ratioRange.map((ratio) => ratio.toFixed(2)).join(' to ')} ` : '';
  return `${range}(${rounds})`;
}

/** A loss curve that is held against its bar. */
function curve(row) {
  if (row.curve === undefined || row.dtype !== 'f32' || !row.peers?.[row.curve]) return [];
  const peer = row.peers[row.curve];
  const { lossSteps, lossDifference } = peer;
  if (lossSteps < CURVE_STEPS) return [];
  const name = `loss curve of ${row.id}, ${lossSteps} steps`;
  return [
    line([
      name,
      '',
      '',
      peerName(row.curve, peer),
      '',
      lossDifference.toExponential(1),
      '',
      `≤ ${CURVE_BAR}`,
      verdict(lossDifference <= CURVE_BAR),
      '',
    ]),
  ];
}

/** One whole `train`. */
function experiment(rows) {
  const row = rows.find(({ kind }) => kind === 'experiment');
  if (!row) return [];
  const { ours, theirs } = row;
  const { ratio = theirs.seconds / ours.seconds } = theirs;
  const models = Object.entries(ours.accuracy).map(([model, { accuracy, ci95 }]) => {
    const [low, high] = ci95.map(percent);
    return `${model} ${percent(accuracy)} (${low} to ${high}), theirs ${percent(theirs.accuracy[model])}`;
  });
  return [
    line([
      row.id,
      '',
      `${ours.seconds.toFixed(0)} in all`,
      PEERS.tuned,
      `${theirs.seconds.toFixed(0)} in all`,
      `**${ratio.toFixed(2)}**`,
      spread(theirs),
      'within the interval',
      verdict(row.met),
      models.join('; '),
    ]),
  ];
}

/** Where the time of our own steps goes; products have a bar. */
function parts(rows) {
  if (rows.length === 0) return [];
  const names = [...new Set(rows.flatMap((row) => row.parts.map(({ part }) => part)))];
  const share = (row, name) => row.parts.find(({ part }) => part === name)?.share ?? 0;
  const heads = [
    'step',
    'repetitions',
    'ms',
    ...names.map((name) => `${name}, %`),
    `products ≥ ${percent(PRODUCTS_BAR)}`,
  ];
  return [
    '',
    line(heads),
    line(heads.map(() => '---')),
    ...rows.map((row) => {
      const shares = names.map((name) => (100 * share(row, name)).toFixed(1));
      return line([
        row.id,
        row.repetitions ?? '',
        row.msPerStep.median.toFixed(0),
        ...shares,
        verdict(row.met),
      ]);
    }),
  ];
}

/** Packed language modelling on a GPU: model FLOPs a second over those of the fastest product of the same run. */
function utilisation(suite) {
  const rows = Object.entries(MFU_BARS).flatMap(([shape, bar]) => {
    const run = suite.find(({ name }) => name === `bench packed lm ${shape}`)?.result?.runs?.[0];
    if (!run) return [];
    const speed = `${Math.round(run.tokensPerSecond.median)}`;
    const fastest = (run.product.fastest.flopsPerSecond / 1e12).toFixed(0);
    return [
      line([
        shape,
        run.repetitions,
        speed,
        run.msPerStep.median.toFixed(1),
        fastest,
        percent(run.mfu),
        percent(bar),
        verdict(run.mfu >= bar),
      ]),
    ];
  });
  if (rows.length === 0) return [];
  const heads = [
    '`lm`, packed 1,024 tokens, bf16',
    'repetitions',
    'tokens/s',
    'ms a step',
    'product, TFLOP/s',
    'MFU',
    'at least',
    'met',
  ];
  return ['', line(heads), line(heads.map(() => '---')), ...rows];
}

/** What the GPU suite did beside measuring. */
function suiteSummary(suite) {
  if (suite.length === 0) return [];
  const of = (status) =>
    suite
      .filter((step) => step.status === status)
      .map(({ name, reason }) => plain(reason ? `${name} (${reason})` : name));
  const [failed, left] = [of('failed'), of('left out')];
  const said = [`${of('ok').length} steps of scripts/gpu-suite went well`];
  if (failed.length > 0) said.push(`failed: ${failed.join('; ')}`);
  if (left.length > 0) said.push(`left out: ${left.join('; ')}`);
  return ['', `${said.join('. ')}.`];
}

const line = (cells) => `| ${cells.join(' | ')} |`;
/** A text that came from a program, for Markdown: `<root>` would be taken for HTML. */
const plain = (text) => text.replace(/\s+/g, ' ').replaceAll('<', '&lt;');
const verdict = (met) => (met === undefined ? '' : met ? 'yes' : '**no**');
const seconds = (value) => (value < 1 ? value.toPrecision(3) : value.toFixed(2));
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const gigabytes = (bytes) => Math.round(bytes / 2 ** 30);
