/** The style sheet of pages: system fonts, two colour schemes, phone, desk and paper. */

import { cssVariables, SANS } from '../charts/theme.js';

const SERIF =
  '"Iowan Old Style", "Palatino Linotype", Palatino, Charter, "Bitstream Charter", Georgia, serif';
const MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace';

/** From this width on a page has two columns and charts their wide drawing. */
const DESK = '60rem';

export const STYLES = `
:root{color-scheme:light dark;${cssVariables('light')}}
@media (prefers-color-scheme:dark){:root{${cssVariables('dark')}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.55 ${SANS};overflow-wrap:break-word}
main,.top,.foot{max-width:70rem;margin:0 auto;padding:0 1.25rem}
a{color:inherit}
h1,h2,h3,p,figure,ol,ul,dl,dd,pre,table{margin:0}
h1,h2,.lede{font-family:${SERIF};font-weight:400;letter-spacing:-.01em;text-wrap:balance}
.top{padding-top:3rem;padding-bottom:2rem}
.eyebrow{color:var(--soft);font-size:.8125rem;letter-spacing:.06em;text-transform:uppercase;margin-bottom:.9rem}
h1{font-size:clamp(1.75rem,1.2rem + 2.4vw,2.75rem);line-height:1.15}
bdi{display:inline-block;max-width:100%}
h2{color:var(--ink);font-size:1.5rem;line-height:1.25;margin-bottom:.6rem}
h3{font-size:1rem;font-weight:600}
.lede{font-size:clamp(1.2rem,1.05rem + .7vw,1.5rem);line-height:1.4;margin-top:1.25rem;max-width:46rem;text-wrap:pretty}
.remarks{color:var(--soft);margin-top:.9rem;max-width:46rem}
section{border-top:1px solid var(--line);padding:2.25rem 0}
.words{max-width:38rem;color:var(--soft)}
.words p+p{margin-top:.75rem}
.words strong,.words em{color:var(--ink)}
.content{margin-top:1.5rem;min-width:0}
.content>*+*{margin-top:1.25rem}
@media (min-width:${DESK}){
section.split{display:grid;grid-template-columns:19rem minmax(0,1fr);column-gap:3.5rem}
section.split>.content{margin-top:.3rem}
}
.chart svg{display:block;width:100%;height:auto}
.chart .wide{display:none}
.chart .wide svg{max-width:720px}
.chart .narrow svg{max-width:420px}
@media (min-width:44rem){.chart .wide{display:block}.chart .narrow{display:none}}
.charts{display:grid;gap:1.5rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,13rem),1fr))}
.charts .chart svg{max-width:250px}
small{font-size:.8125rem;color:var(--soft)}
figcaption{font-size:.875rem;color:var(--soft);margin-bottom:.5rem}
figcaption strong{color:var(--ink)}
.scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}
table{border-collapse:collapse;width:100%;font-size:.9375rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-size:.875rem;color:var(--soft);padding-bottom:.4rem}
th,td{text-align:left;padding:.45rem .9rem .45rem 0;border-bottom:1px solid var(--line);vertical-align:baseline}
th{font-weight:400;color:var(--soft);font-size:.875rem}
tbody th{color:var(--ink);font-size:inherit}
th.n,td.n{text-align:right;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
tr:last-child>td,tbody tr:last-child>th{border-bottom:0}
@media (max-width:30rem){th,td{padding-right:.55rem}table{font-size:.875rem}th{font-size:.8125rem}}
.range{color:var(--soft);white-space:nowrap}
.weak{color:var(--weak)}.student{color:var(--student)}.ceiling{color:var(--ceiling)}.zero{color:var(--zero)}
.steps{list-style:none;padding:0;display:grid;gap:1rem 2rem;counter-reset:step;grid-template-columns:repeat(auto-fit,minmax(min(100%,15rem),1fr))}
.steps li{counter-increment:step;border-left:2px solid currentColor;padding-left:.9rem}
.steps li>*{color:var(--ink)}
.steps .name{color:inherit;font-weight:600;display:block}
.note{background:var(--tint);border-radius:.4rem;padding:.9rem 1.1rem;max-width:44rem}
code,pre{font-family:${MONO};font-size:.875em}
pre{background:var(--tint);border-radius:.4rem;padding:1rem 1.1rem;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.5}
pre .flag{white-space:nowrap}
pre.copy{user-select:all;-webkit-user-select:all;cursor:copy}
details{border-top:1px solid var(--line);padding:.6rem 0}
summary{cursor:pointer;color:var(--soft)}
summary:focus-visible,a:focus-visible,.scroll:focus-visible{outline:2px solid var(--student);outline-offset:3px}
details[open]>summary{margin-bottom:.6rem}
.kinds{display:grid;gap:2rem 2.5rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,28rem),1fr));align-items:start}
.kinds>div{display:grid;gap:1.1rem;min-width:0}
.item{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:1.1rem;min-width:0;break-inside:avoid}
.item .id{color:var(--soft);font-size:.8125rem}
.item .text{white-space:pre-wrap;overflow-wrap:anywhere;margin:.6rem 0 0;max-height:22rem;overflow:auto;font-size:.9375rem}
.item .gap{color:var(--soft);font-style:italic}
.item dl{margin-top:.8rem;display:grid;grid-template-columns:auto minmax(0,1fr);gap:.25rem .9rem;font-size:.9375rem;align-content:start}
.item.drawn{display:grid;gap:.6rem 1.3rem;grid-template-columns:minmax(0,1fr);grid-template-rows:auto 1fr}
.item.drawn dl,.item.drawn .board{margin-top:0}
@media (min-width:30rem){.item.drawn{grid-template-columns:minmax(0,14.5rem) minmax(0,1fr)}.item.drawn .board{grid-row:1/span 2}.item.drawn dl{grid-template-columns:minmax(0,1fr);gap:0}.item.drawn dd+dt{margin-top:.55rem}}
.item dt{color:var(--soft)}
.item dd{overflow-wrap:anywhere}
.board{display:block;width:100%;height:auto;border-radius:.3rem;margin-top:.7rem}
.foot{color:var(--soft);font-size:.875rem;padding-bottom:3rem}
.foot>*{border-top:1px solid var(--line);padding-top:1.25rem}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media print{
@page{margin:16mm}
:root{${cssVariables('light')}--page:#fff;--tint:#f6f4ef}
html{font-size:12.5px}
body{print-color-adjust:exact;-webkit-print-color-adjust:exact}
main,.top,.foot{max-width:none;padding-left:0;padding-right:0}
.top{padding-top:0}
section{padding:1.2rem 0}
figure,.item,table,pre,.words,.steps{break-inside:avoid}
h2,h3,.words{break-after:avoid}
.chart .wide{display:block}.chart .narrow{display:none}
.chart .wide svg{max-width:150mm}
.item .text{max-height:none}
.kinds{grid-template-columns:repeat(2,minmax(0,1fr));gap:1rem}
.item.drawn{grid-template-columns:minmax(0,4.2cm) minmax(0,1fr)}
}
`.replaceAll('\n', '');
