import { join } from 'node:path';
import { userCacheFolder } from '../config/userCache.js';

/** Where models from the hub are kept: one folder each, `org--name` or `org--name@revision`. */
export const hubCache = (): string => join(userCacheFolder(), 'models');
