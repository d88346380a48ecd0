/** Results as text. Plain functions: documents in, strings out. */
export { meaningOf } from './meaning.js';
export { type ReportedRun, runsReport } from './runs-report.js';
export { COLOURS, type Column, type Paint, PLAIN, textTable } from './text-table.js';
export { titleOf, trainReport } from './train-report.js';
