/**
 * Experiments beside each other, one a row: accuracies of the three models on one scale, PGR with its interval
 * on another. Everything is laid out in pixels here, so that a row is a row on both scales.
 */
import { type ChartSpec, colour } from '../charts/index.js';
import { chart, OWN_COLOUR, paint, pixels, type Row, rowsOf } from '../charts/kit.js';
import { fitted } from '../charts/text.js';
import { decimals } from '../format.js';
import { accuracyScale, gapScale, type Scale } from './scales.js';

interface Score {
  accuracy: number;
  ci95: readonly [number, number];
}

export interface ComparisonRow {
  /** Rows of one group stand together under its name. */
  group: string;
  label: string;
  weak: Score;
  student: Score;
  ceiling: Score;
  zeroShot: Score | null;
  /** Null: not defined. */
  pgr: { value: number; ci95: readonly [number, number] } | null;
}

export type Panel = 'accuracy' | 'pgr';

export interface ComparisonOptions {
  width: number;
  panels: readonly Panel[];
}

type Layer = Readonly<Record<string, unknown>>;
type Marks = Row[];

interface Line {
  row: ComparisonRow | null;
  /** Of the group, where `row` is null. */
  title: string;
  /** Middle of the marks. */
  y: number;
  labelY: number;
}

interface Layout {
  width: number;
  height: number;
  bodyTop: number;
  bodyBottom: number;
  lines: readonly Line[];
  labelWidth: number;
  panels: readonly { panel: Panel; from: number; to: number; words: number; scale: Scale }[];
}

const HEAD = 52;
const FOOT = 26;
const NARROW_BELOW = 560;
const PITCH = { beside: 30, above: 48 };
const GROUP = { beside: 34, above: 36 };
const GAP = 16;
/** Beside a scale, for the half of a number or word that stands at its end. */
const MARGIN = 22;
/** Room for `0.83 [0.77, 0.89]` at the end of a row. */
const WORDS = 132;

/** Words above their marks are crossed by the lines of the scale: those end around them. */
const HALO = { stroke: colour('page'), strokeWidth: 5, strokeJoin: 'round' };

const MODELS = ['weak', 'student', 'ceiling'] as const;

/** @returns a chart `width` pixels wide; below 560 labels stand above their marks */
export function comparisonChart(rows: readonly ComparisonRow[], options: ComparisonOptions): ChartSpec {
  const layout = layOut(rows, options);
  const { width, height } = layout;
  return chart(width, height, { left: 0, right: 0, top: 0, bottom: 0 }, [
    ...layout.panels.flatMap((panel) => axisLayers(layout, panel)),
    ...labelLayers(layout),
    ...layout.panels.flatMap((panel) =>
      panel.panel === 'pgr' ? gapLayers(layout, panel) : accuracyLayers(layout, panel),
    ),
  ]);
}

function layOut(rows: readonly ComparisonRow[], { width, panels }: ComparisonOptions): Layout {
  const above = width < NARROW_BELOW;
  const lines = linesOf(rows, above ? 'above' : 'beside');
  const longest = Math.max(0, ...lines.map(({ title }) => [...title].length));
  const labelWidth = above ? 0 : Math.min(longest * 7.3 + 8, width * (panels.length > 1 ? 0.3 : 0.42));
  const words = (panel: Panel): number => (panel === 'pgr' && !above ? WORDS : 0);
  const taken = panels.reduce((sum, panel) => sum + words(panel) + 2 * MARGIN, 0) + GAP * (panels.length - 1);
  const each = (width - labelWidth - taken) / panels.length;
  let from = labelWidth + MARGIN;
  const placed = panels.map((panel) => {
    const scale = panel === 'pgr' ? gapScale(rows) : accuracyScale(rows);
    const place = { panel, from, to: from + each, words: words(panel), scale };
    from += each + place.words + GAP + 2 * MARGIN;
    return place;
  });
  const bodyBottom = (lines.at(-1)?.y ?? HEAD) + 18;
  return { width, height: bodyBottom + FOOT, bodyTop: HEAD, bodyBottom, lines, labelWidth, panels: placed };
}

function linesOf(rows: readonly ComparisonRow[], side: 'beside' | 'above'): Line[] {
  const groups = [...new Set(rows.map(({ group }) => group))];
  const lines: Line[] = [];
  let y = HEAD;
  for (const group of groups) {
    if (groups.length > 1) {
      lines.push({ row: null, title: group, y: y + GROUP[side] - 14, labelY: y + GROUP[side] - 14 });
      y += GROUP[side];
    }
    for (const row of rows.filter((one) => one.group === group)) {
      const middle = side === 'above' ? y + 34 : y + PITCH.beside / 2;
      lines.push({ row, title: row.label, y: middle, labelY: side === 'above' ? y + 14 : middle });
      y += PITCH[side];
    }
  }
  return lines;
}

type Place = Layout['panels'][number];

const at = ({ from, to, scale }: Place, value: number): number => {
  const [low, high] = scale.domain;
  return from + ((Math.min(high, Math.max(low, value)) - low) / (high - low)) * (to - from);
};

/** Upright lines with their numbers below, and above what the panel shows. */
function axisLayers(layout: Layout, place: Place): Layer[] {
  const { bodyTop, bodyBottom, height } = layout;
  const ticks = place.scale.ticks.map(({ value, shown }) => ({
    x: at(place, value),
    top: bodyTop,
    bottom: bodyBottom,
    y: height - 12,
    shown,
  }));
  const title = place.panel === 'pgr' ? 'PGR with its 95 % interval' : 'Accuracy with 95 % intervals';
  const keys = place.panel === 'pgr' ? endKeys(place) : modelKeys(layout, place);
  return [
    ruleLayer(layout, ticks, paint('grid'), 1, 'bottom'),
    textLayer(layout, ticks, { align: 'center', fontSize: 12 }, paint('soft')),
    ...(place.panel === 'pgr' ? [endLines(layout, place)] : []),
    textLayer(layout, [{ x: titleX(layout, place), y: 12, shown: title }], { fontWeight: 600 }, paint('ink')),
    textLayer(layout, keys, { fontSize: 12, align: 'left' }, OWN_COLOUR),
  ];
}

/** Titles stand above their scale, or above the labels where these stand above their marks. */
const titleX = ({ labelWidth }: Layout, { from }: Place): number => (labelWidth === 0 ? 0 : from);

/** The scale's two ends: as good as the supervisor, as good as with true labels. */
function endLines(layout: Layout, place: Place): Layer {
  const ends = [
    { x: at(place, 0), top: layout.bodyTop - 4, bottom: layout.bodyBottom, colour: colour('weak') },
    { x: at(place, 1), top: layout.bodyTop - 4, bottom: layout.bodyBottom, colour: colour('ceiling') },
  ];
  return ruleLayer(layout, ends, OWN_COLOUR, 1.5, 'bottom');
}

function endKeys(place: Place): Marks {
  return [
    { x: at(place, 0) - 15, y: 36, shown: 'weak', colour: colour('weak') },
    { x: at(place, 1) - 20, y: 36, shown: 'ceiling', colour: colour('ceiling') },
  ];
}

function modelKeys(layout: Layout, place: Place): Marks {
  const hasZeroShot = layout.lines.some(({ row }) => row?.zeroShot);
  let x = titleX(layout, place);
  const keys: Marks = [];
  for (const name of [...MODELS, ...(hasZeroShot ? ['zero' as const] : [])]) {
    const shown = name === 'zero' ? '○ zero-shot' : `● ${name}`;
    keys.push({ x, y: 36, shown, colour: colour(name) });
    x += shown.length * 7.2 + 14;
  }
  return keys;
}

function labelLayers(layout: Layout): Layer[] {
  const { lines, labelWidth, width, panels } = layout;
  const room = labelWidth > 0 ? labelWidth : width - (panels[0]?.panel === 'pgr' ? WORDS : 0);
  const titles = lines.filter(({ row }) => row === null);
  const labels = lines.filter(({ row }) => row !== null);
  const texts = (some: readonly Line[], most: number): Marks =>
    some.map(({ title, labelY }) => ({ x: 0, y: labelY, shown: fitted(title, most * 0.93) }));
  return [
    ...(labelWidth === 0 ? [textLayer(layout, texts(labels, room), HALO, paint('page'))] : []),
    textLayer(layout, texts(titles, width), { fontWeight: 600, align: 'left' }, paint('ink')),
    textLayer(layout, texts(labels, room), { align: 'left' }, paint('ink')),
  ];
}

function accuracyLayers(layout: Layout, place: Place): Layer[] {
  const bands: Marks = [];
  const dots: Marks = [];
  const links: Marks = [];
  const hollow: Marks = [];
  for (const { row, y } of layout.lines) {
    if (row === null) continue;
    const x = MODELS.map((model) => at(place, row[model].accuracy));
    links.push({ x: Math.min(...x), right: Math.max(...x), y });
    for (const model of MODELS) {
      const { accuracy, ci95 } = row[model];
      bands.push({
        x: at(place, ci95[0]),
        right: at(place, ci95[1]),
        y: y - 4,
        bottom: y + 4,
        colour: colour(model),
      });
      dots.push({ x: at(place, accuracy), y, colour: colour(model) });
    }
    if (row.zeroShot) hollow.push({ x: at(place, row.zeroShot.accuracy), y, colour: colour('zero') });
  }
  return [
    ruleLayer(layout, links, paint('soft'), 1.5, 'right'),
    bandLayer(layout, bands),
    pointLayer(layout, hollow, { filled: false, size: 60, strokeWidth: 1.5 }),
    pointLayer(layout, dots, { filled: true, size: 70, opacity: 1 }),
  ];
}

function gapLayers(layout: Layout, place: Place): Layer[] {
  const above = layout.labelWidth === 0;
  const whiskers: Marks = [];
  const caps: Marks = [];
  const dots: Marks = [];
  const words: Marks = [];
  for (const { row, y, labelY } of layout.lines) {
    if (row === null) continue;
    const { pgr } = row;
    const x = above ? layout.width : place.to + MARGIN + place.words;
    words.push({ x, y: above ? labelY : y, shown: gapWords(pgr), colour: colour(pgr ? 'ink' : 'soft') });
    if (pgr === null) continue;
    const [low, high] = pgr.ci95.map((end) => at(place, end)) as [number, number];
    whiskers.push({ x: low, right: high, y });
    for (const end of pgr.ci95) {
      // What lies beyond the scale has no cap: it goes on.
      if (end >= place.scale.domain[0] && end <= place.scale.domain[1]) {
        caps.push({ x: at(place, end), top: y - 5, bottom: y + 5 });
      }
    }
    dots.push({ x: at(place, pgr.value), y, colour: colour('student') });
  }
  return [
    ruleLayer(layout, whiskers, paint('ink'), 1.5, 'right'),
    ruleLayer(layout, caps, paint('ink'), 1.5, 'bottom'),
    pointLayer(layout, dots, { filled: true, size: 90, opacity: 1 }),
    ...(above ? [textLayer(layout, words, { ...HALO, align: 'right' }, paint('page'))] : []),
    textLayer(layout, words, { align: 'right', fontSize: 12.5 }, OWN_COLOUR),
  ];
}

const gapWords = (pgr: ComparisonRow['pgr']): string =>
  pgr === null
    ? 'not defined'
    : `${decimals(pgr.value)} [${decimals(pgr.ci95[0])}, ${decimals(pgr.ci95[1])}]`;

type Channel = ReturnType<typeof paint> | typeof OWN_COLOUR;

/** Lines from `x` to `right`, or from `top` to `bottom`. */
function ruleLayer(
  { width, height }: Layout,
  marks: Marks,
  color: Channel,
  strokeWidth: number,
  to: 'right' | 'bottom',
): Layer {
  const across = to === 'right';
  return {
    data: rowsOf(marks),
    mark: { type: 'rule', strokeWidth },
    encoding: {
      x: pixels('x', width),
      y: pixels(across ? 'y' : 'top', height),
      ...(across ? { x2: { field: 'right' } } : { y2: { field: 'bottom' } }),
      color,
    },
  };
}

function bandLayer({ width, height }: Layout, marks: Marks): Layer {
  return {
    data: rowsOf(marks),
    mark: { type: 'rect', opacity: 0.28, cornerRadius: 3 },
    encoding: {
      x: pixels('x', width),
      x2: { field: 'right' },
      y: pixels('y', height),
      y2: { field: 'bottom' },
      color: OWN_COLOUR,
    },
  };
}

function pointLayer({ width, height }: Layout, marks: Marks, mark: Layer): Layer {
  return {
    data: rowsOf(marks),
    mark: { type: 'point', ...mark },
    encoding: { x: pixels('x', width), y: pixels('y', height), color: OWN_COLOUR },
  };
}

function textLayer({ width, height }: Layout, marks: Marks, mark: Layer, color: Channel): Layer {
  return {
    data: rowsOf(marks),
    mark: { type: 'text', baseline: 'middle', align: 'left', ...mark },
    encoding: { x: pixels('x', width), y: pixels('y', height), text: { field: 'shown' }, color },
  };
}
