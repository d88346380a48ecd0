/** Settings of modules that users write, beside the names of the modules themselves. */
import { key } from './key.js';
import { namedValues, onOff } from './values.js';

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
