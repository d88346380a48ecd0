/** Results as text. Plain functions: documents in, strings out. */
export { meaningOf, meaningParts } from './meaning.js';
export { type NextTrial, nextTrials } from './nextSteps.js';
export type { ReportedRun } from './runs/records.js';
export { runsReport } from './runsReport.js';
export { COLOURS, type Column, type Paint, PLAIN, textTable, withoutEmpty } from './textTable.js';
export { titleOf, trainReport, wrap } from './trainReport.js';
