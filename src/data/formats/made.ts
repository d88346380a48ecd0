import type { DatasetFormat, PublishedDataset } from './format.js';

/** What every kind of made format is told: `tableFormat`, `choiceFormat` and `pairFormat`. */
export interface MadeSettings {
  /** What `--dataset` is given. */
  name: string;
  /** One line for `w2s-native datasets`. */
  about: string;
  /** A command for it, without `w2s-native` and models. */
  example: string;
  hub?: PublishedDataset;
  /** The data set is published as CSV or TSV without names of columns: they are called 1, 2, 3, …. */
  header?: false;
  /** Class names by index. */
  classes: readonly string[];
}

/** A classification of these settings, with the reader that its kind brings. */
export function madeFormat(settings: MadeSettings, bind: DatasetFormat['bind']): DatasetFormat {
  const { name, about, example, hub, header, classes } = settings;
  return {
    name,
    about,
    example,
    task: 'classification',
    classes,
    bind,
    ...(hub === undefined ? {} : { hub }),
    ...(header === undefined ? {} : { header }),
  };
}
