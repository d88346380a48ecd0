/** vega-lite specifications → SVG text, in Node: no browser, no canvas, no script in what comes out. */

import type { TopLevelSpec } from 'vega-lite';
import { CHART_CONFIG, withoutVariables } from './theme.js';
import { tidySvg } from './tidy.js';

/** A vega-lite specification; `config` is added when it is drawn. Opaque to whoever passes it on. */
export type ChartSpec = Readonly<Record<string, unknown>>;

export interface RenderOptions {
  /** `page`: colours stay CSS variables, for inlining. Else a file of its own in that scheme. */
  theme?: 'page' | 'light' | 'dark';
}

/**
 * Draws a chart. The same specification gives the same text.
 *
 * @returns one `<svg>` element without ids, scripts or links; its size is in its `viewBox`, width and height
 */
export async function renderSvg(spec: ChartSpec, { theme = 'page' }: RenderOptions = {}): Promise<string> {
  const [{ compile }, vega] = await Promise.all([import('vega-lite'), import('vega')]);
  const whole = { ...spec, config: CHART_CONFIG } as unknown as TopLevelSpec;
  const compiled = compile(whole, { logger: silent(vega) });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: 'none', logLevel: vega.None });
  try {
    const svg = tidySvg(await view.toSVG());
    return theme === 'page' ? svg : withoutVariables(svg, theme);
  } finally {
    view.finalize();
  }
}

/** What vega-lite warns of is for whoever writes specifications: tests look at drawings. */
function silent({ logger, None }: Pick<typeof import('vega'), 'logger' | 'None'>) {
  return logger(None);
}
