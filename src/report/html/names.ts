import { basename } from 'node:path';
import { isModuleFile } from '../../config/modulePath.js';
import type { DocumentConfig, TrainDocument } from '../../metrics/index.js';
import { shownModels, strongOf } from '../format.js';

/** Model names as pages show them. */
export interface Names {
  weak: string;
  strong: string;
}

export const namesOf = (document: TrainDocument): Names =>
  shownModels({ weak: document.weak.model, strong: strongOf(document) });

/** What the data are called: a file's name says more than `columns`. */
export const dataName = ({ config }: Pick<TrainDocument, 'config'>): string => dataNameOf(config);

/** The same of a configuration. */
export function dataNameOf({ dataset, data, transferData }: DocumentConfig): string {
  const file = data ?? transferData;
  return dataset === 'columns' && typeof file === 'string' ? basename(file) : definedName(dataset);
}

/** A data set that a call defined is known by its code, one of a module by its path: people know both by a name. */
const definedName = (dataset: string): string =>
  isModuleFile(dataset) ? basename(dataset) : dataset.replace(/@[0-9a-f]{12}$/, '');

/** The same of the data that `evaluate` scores a model on. */
export function scoredName({ dataset, testData, data }: { readonly [key: string]: unknown }): string {
  const file = testData ?? data;
  if (dataset === 'columns' && typeof file === 'string') return basename(file);
  return typeof dataset === 'string' ? definedName(dataset) : '';
}
