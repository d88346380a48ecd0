import { describe, expect, test } from 'vitest';
import { visible } from '../../../src/report/charts/index.js';
import { escaped, html, isolated, trusted } from '../../../src/report/html/markup.js';
import { clamped } from '../../../src/report/html/text.js';

describe('html', () => {
  test('escapes strings and passes its own pieces', () => {
    const hostile = '</script><img src=x onerror="alert(\'1\')"> & more';
    expect(html`<p title="${hostile}">${html`<b>${hostile}</b>`}</p>`.text).toBe(
      '<p title="&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; more">' +
        '<b>&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; more</b></p>',
    );
  });

  test('joins lists and leaves nothing for nothing', () => {
    expect(html`${['a', 1, null, false, undefined, [html`<i>x</i>`, '<']]}${0}`.text).toBe('a1<i>x</i>&lt;0');
    expect(html`${trusted('<svg/>')}`.text).toBe('<svg/>');
    expect(isolated('<a>').text).toBe('<bdi>&lt;a&gt;</bdi>');
  });
});

describe('visible', () => {
  test.each([
    ['a\u0000b\u001b[31m', 'a\\x00b\\x1b[31m'],
    ['\u007f\u0085', '\\x7f\\x85'],
    ['tab\tline\r\nold\rnew\n', 'tab\tline\nold\nnew\n'],
    ['lone \ud800 and \udc00!', 'lone \ufffd and \ufffd!'],
    ['pair 🙂', 'pair 🙂'],
    ['\ufffe\uffff', '\ufffd\ufffd'],
    ['مرحبا', 'مرحبا'],
  ])('%j', (text, shown) => {
    expect(visible(text)).toBe(shown);
    expect(escaped(text)).toBe(shown);
  });
});

describe('clamped', () => {
  test('leaves short texts alone', () => {
    expect(clamped('a <b>').text).toBe('a &lt;b&gt;');
    expect(clamped('x'.repeat(105), 100).text).toBe('x'.repeat(105));
  });

  test('keeps beginning and end of long ones and says what is left out', () => {
    const text = `${'a'.repeat(1000)}${'z'.repeat(1000)}`;
    expect(clamped(text, 30).text).toBe(
      `${'a'.repeat(20)} <span class="gap">[… 1,970 characters …]</span> ${'z'.repeat(10)}`,
    );
  });

  test('cuts no character in two', () => {
    expect(clamped('🙂'.repeat(100), 9).text).not.toMatch(/\ufffd/);
  });
});
