/** The shell of every page: one file that needs nothing from outside and runs nothing. */

import { type ChartSpec, NARROW, renderSvg, WIDE } from '../charts/index.js';
import { type Html, html, trusted } from './markup.js';
import { STYLES } from './styles.js';

export interface PageParts {
  title: string;
  /** Above the first section: eyebrow, headline, lede. */
  header: Html;
  sections: readonly (Html | null)[];
  footer: Html;
}

/** No script, no network: the browser is told so too. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** A whole HTML document as text. */
export function pageText({ title, header, sections, footer }: PageParts): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="w2s-native">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(STYLES)}</style>
</head>
<body>
<header class="top">${header}</header>
<main>
${sections.map((section) => section && html`${section}\n`)}</main>
<footer class="foot">${footer}</footer>
</body>
</html>
`;
  return page.text;
}

export interface SectionParts {
  title: string;
  /** How to read what stands beside it. */
  words: Html;
  content: Html;
  /** Words above instead of beside the content. */
  full?: boolean;
}

export function section({ title, words, content, full = false }: SectionParts): Html {
  return html`<section${full ? '' : trusted(' class="split"')}>
<div class="words"><h2>${title}</h2>${words}</div>
<div class="content">${content}</div>
</section>`;
}

/**
 * A chart, drawn for a desk and for a phone; the style sheet shows one of them.
 *
 * @param draw the specification at a width in pixels
 * @param alt what the chart shows, in words, for who cannot see it
 */
export async function chartFigure(
  draw: (width: number) => ChartSpec,
  alt: string,
  caption?: Html,
): Promise<Html> {
  const [wide, narrow] = await Promise.all([renderSvg(draw(WIDE)), renderSvg(draw(NARROW))]);
  return html`<figure class="chart">${caption && html`<figcaption>${caption}</figcaption>`}<div class="wide">${labelled(wide, alt)}</div><div class="narrow">${labelled(narrow, alt)}</div></figure>`;
}

/** A small chart that is drawn once, for all widths. */
export async function smallChart(spec: ChartSpec, alt: string, caption: Html): Promise<Html> {
  return html`<figure class="chart"><figcaption>${caption}</figcaption>${labelled(await renderSvg(spec), alt)}</figure>`;
}

/** A drawing with words for screen readers; its size comes from the style sheet. */
function labelled(svg: string, alt: string): Html {
  const start = html`<svg role="img" aria-label="${alt}"`.text;
  return trusted(svg.replace(/^<svg /, () => `${start} `).replace(/ width="\d+" height="\d+"/, ''));
}

export interface TableColumn {
  title: string;
  number?: boolean;
}

/** A table whose first column names its rows. */
export function table(
  caption: string,
  columns: readonly TableColumn[],
  rows: readonly (readonly (Html | string | number)[])[],
): Html {
  const side = (c: number): Html => trusted(columns[c]?.number ? ' class="n"' : '');
  const cell = (value: Html | string | number, c: number): Html =>
    c === 0 ? html`<th scope="row"${side(c)}>${value}</th>` : html`<td${side(c)}>${value}</td>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map(({ title }, c) => html`<th scope="col"${side(c)}>${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody>
</table></div>`;
}
