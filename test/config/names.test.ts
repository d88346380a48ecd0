import { describe, expect, it } from 'vitest';
import { exportedTextColumn } from '../../src/config/exportColumns.js';
import { nearest, nearestOf } from '../../src/config/nearest.js';

describe('the nearest of a closed set', () => {
  it('is that of an open one where there is one', () => {
    expect(nearestOf('epoch', ['epochs', 'lr'])).toBe('epochs');
  });

  it('is named however far off, and prefers a shared beginning', () => {
    expect(nearest('lernrate', ['epochs', 'lr'])).toBeUndefined();
    expect(nearestOf('lernrate', ['epochs', 'lr'])).toBe('lr');
    expect(nearestOf('anything', [])).toBeUndefined();
  });
});

describe("an export's text column", () => {
  it("has the input's name, unless that is one of the export's own", () => {
    expect(exportedTextColumn('review')).toBe('review');
    expect(exportedTextColumn('label')).toBe('text');
    expect(exportedTextColumn(undefined)).toBe('text');
  });
});
