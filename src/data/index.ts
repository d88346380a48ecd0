/** The data room: where data lies, what its rows are, which part they belong to, and how they are tokenised. */

export { type EncodedExamples, type EncodeOptions, encodeExamples } from './encode.js';
export { type LoadedExamples, type LoadOptions, loadSplit } from './load.js';
export { type RandomStream, stream } from './random.js';
export { type DatasetRequest, resolveDataset } from './resolve.js';
export { openTokenizer, type Tokenizer } from './tokenizer.js';
