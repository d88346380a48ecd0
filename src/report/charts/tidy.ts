/** Makes vega's SVG short: what is of use to its own interaction alone goes, numbers lose their noise. */

const UNUSED = / (?:class|role|aria-[a-z]+|pointer-events|stroke-miterlimit|xmlns:xlink|version)="[^"]*"/g;
const FONT = / font-family="[^"]*"/g;

/**
 * Only tags are touched, never text between them. The font stands once, on the root element.
 * @param svg as vega writes it: no attribute holds a `>`
 */
export function tidySvg(svg: string): string {
  const font = FONT.exec(svg)?.[0] ?? '';
  FONT.lastIndex = 0;
  return svg
    .replace(/<text [^>]* opacity="0"[^>]*>[^<]*<\/text>/g, '')
    .replace(/<[^>]*>/g, tidyTag)
    .replace(/<path d="(?:M0,0h0v0h0Z)?"(?: display="none")?\/>|<path d="[^"]*" display="none"\/>/g, '')
    .replace(/<path d="M0,0h[\d.]+v[\d.]+h-[\d.]+Z"\/>/g, '')
    .replace('<svg ', `<svg${font} `)
    .replaceAll('<defs></defs>', '');
}

function tidyTag(tag: string): string {
  return tag
    .replace(UNUSED, '')
    .replace(FONT, '')
    .replaceAll(' opacity="1"', '')
    .replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100));
}
