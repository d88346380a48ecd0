/** The data room: where data lies, what its rows are, which part they belong to, and how they are tokenised. */

export { type EncodedExamples, type EncodeOptions, encodeExamples } from './encode.js';
export { checkExportName, type ExportRow, writeExport } from './export.js';
export { type FeatureTable, featuresOf, readFeatureTable } from './features.js';
export { judgeOf } from './judge.js';
export { type LoadedExamples, type LoadOptions, loadSplit } from './load.js';
export { type RandomStream, stream } from './random.js';
export { type DatasetRequest, resolveDataset, withClasses } from './resolve.js';
export { type StreamedExamples, streamSplit } from './rowStream.js';
export { encodeSafetensors, readSafetensors, type Tensor } from './safetensors.js';
export { loadShots } from './shots.js';
export { roleOf } from './splits.js';
export { blindNames, questionOf, structureOf } from './structure.js';
export { readSupervision, type Supervision, type SupervisionOptions, supervise } from './supervision.js';
export { openTokenizer, type Tokenizer } from './tokenizer.js';
export type * from './types.js';
