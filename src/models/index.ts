/** The model room: from a name to a local Hugging Face folder and its content hash. */

export { FAMILIES, hashModelFolder, type ModelFacts, readModelFacts } from './folder.js';
export { type ListedModel, listModels } from './list.js';
export { type ResolvedModel, resolveModel } from './resolve.js';
