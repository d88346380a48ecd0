/** Settings of modules that users write. */
import { key } from './key.js';
import { type ModuleParams, moduleParams } from './moduleParams.js';
import { moduleFile, namedValues, onOff } from './values.js';

/** Beside a loss of one's own. */
export const lossModuleKeys = {
  lossParams: key(namedValues(), {
    group: 'Training',
    describe: 'Parameters of a loss of your own; as flags they stand alone, such as --gamma 3',
    notAsFlag: true,
  }),
  gradientCheck: key(onOff(), {
    group: 'Training',
    describe:
      'Hold the gradient of a loss of your own against finite differences before it is first used; --no-gradient-check leaves it',
    default: true,
  }),
} as const;

/** What happens between labels and student. */
export const relabelModuleKeys = {
  relabel: key(moduleFile('./my-relabel.mjs'), {
    group: 'Experiment',
    describe: 'File with a relabelling of your own, between the weak labels and the student',
  }),
  relabelParams: key(namedValues(), {
    group: 'Experiment',
    describe: 'Parameters of a relabelling of your own; as flags they stand alone',
    notAsFlag: true,
  }),
} as const;

/** Beside an experiment of one's own. */
export const experimentModuleKeys = {
  params: key(namedValues(), {
    group: 'Experiment',
    describe: 'Parameters of the experiment; as flags they stand alone',
    notAsFlag: true,
  }),
} as const;

/** A kind of module that settings name. */
export interface ModuleSetting {
  kind: 'loss' | 'relabel' | 'experiment';
  /** With its article. */
  noun: string;
  /** Settings that may name one, the strongest first within a layer; none: it is named by a word. */
  keys: readonly string[];
  paramsKey: 'lossParams' | 'relabelParams' | 'params';
  /** Over its parameters in --help. */
  heading: 'Loss' | 'Relabelling' | 'Experiment';
}

/** Every kind of module that has parameters. */
export const MODULE_SETTINGS = {
  // What is said of the student alone goes before what is said of both models.
  loss: {
    kind: 'loss',
    noun: 'a loss',
    keys: ['strongLoss', 'loss'],
    paramsKey: 'lossParams',
    heading: 'Loss',
  },
  relabel: {
    kind: 'relabel',
    noun: 'a relabelling',
    keys: ['relabel'],
    paramsKey: 'relabelParams',
    heading: 'Relabelling',
  },
  experiment: {
    kind: 'experiment',
    noun: 'an experiment',
    keys: [],
    paramsKey: 'params',
    heading: 'Experiment',
  },
} as const satisfies Readonly<Record<string, ModuleSetting>>;

/** What every definition with parameters has. */
export interface Named {
  name: string;
  params?: unknown;
}

/** A module's parameters as settings. @throws ERR_CONFIG for a name that could be no flag */
export function paramsOf(setting: ModuleSetting, { name, params }: Named, file?: string): ModuleParams {
  const of = `${setting.noun.replace(/^an? /, '')} ${name}${file === undefined ? '' : ` (${file})`}`;
  return moduleParams(`${setting.heading} ${name}`, of, params);
}
