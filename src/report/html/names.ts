import type { TrainDocument } from '../../metrics/index.js';
import { shownModels } from '../format.js';

/** Model names as pages show them. */
export interface Names {
  weak: string;
  strong: string;
}

export const namesOf = ({ weak, config }: TrainDocument): Names =>
  shownModels({ weak: weak.model, strong: config.strong });
