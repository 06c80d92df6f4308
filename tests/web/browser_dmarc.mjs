// The page of DMARC reports. Numbers: received_reports.cpp.
import assert from 'node:assert/strict';
import { DmarcPage } from './pages.mjs';

export function addDmarcTests(test, loggedIn) {
  const opened = async (t) => {
    await loggedIn(t);
    const dmarc = new DmarcPage(t.page);
    await dmarc.open();
    return dmarc;
  };

  test('without DMARC reports it is said how to get them', async (t) => {
    await opened(t);
    const how = t.page.getByRole('region', { name: 'No report has come yet' });
    await how.getByText('reports_to = ["dmarc@example.org"]').waitFor();
    await how.getByText('rua=mailto:dmarc@example.org').waitFor();
    assert.equal(await how.getByRole('link').count(), 0);
  });

  test('DMARC reports are summed up by domain and by source', async (t) => {
    const dmarc = await opened(t);
    await dmarc.waitSum('1,240 messages in 2 reports: 88.3 % aligned, 145 failing.');
    await dmarc.waitSum('6 records of these reports could not be read or were too many');
    await dmarc.waitSum('1 unauthenticated report is not counted either.');
    await dmarc.waitRows(7);
    const domain = dmarc.domains.filter({ hasText: 'example.org' });
    const cells = (await domain.locator('td').allInnerTexts()).map((text) => text.trim());
    assert.deepEqual(cells, ['example.org', '1,200', '87.9 %', '145', '6']);
    const row = dmarc.rows.filter({ hasText: '2001:db8:85a3' });
    for (const text of ['25', 'SPF not aligned', 'DKIM not aligned', 'fail example.org/s1, pass lists.example/list-key-2026', 'none', 'mailing list', 'Receiver & Sons', 'sent by receiver.example']) {
      await row.getByText(text, { exact: true }).first().waitFor();
    }
    const counts = (await dmarc.rows.locator('.count').allInnerTexts()).map((text) => Number(text.replace(',', '')));
    assert.deepEqual(counts, [1000, 100, 50, 40, 25, 20, 5]);
  }, { reports: 6 });

  test('DMARC reports are filtered by time, result and domain', async (t) => {
    const dmarc = await opened(t);
    await dmarc.waitRows(7);
    await dmarc.time('Last year');
    await dmarc.waitSum('1,247 messages in 3 reports');
    await dmarc.waitRows(8);
    await dmarc.time('Last 7 days');
    await dmarc.waitSum('1,200 messages in 1 report:');
    await dmarc.waitRows(6);
    await dmarc.toggle('Failing only');
    await dmarc.sources.getByRole('heading', { name: 'Failing sources' }).waitFor();
    await dmarc.waitRows(3);
    await dmarc.waitSum('1,200 messages in 1 report:');
    await t.page.getByRole('button', { name: 'Clear' }).click();
    await dmarc.waitRows(7);
    await t.page.getByRole('button', { name: /^Only a-rather-long-label/ }).click();
    await dmarc.waitSum('40 messages in 1 report: 100 % aligned, 0 failing.');
    await dmarc.waitRows(1);
    await dmarc.domain('Example.ORG');
    await dmarc.waitSum('1,200 messages in 1 report:');
    await dmarc.domain('example.com');
    await dmarc.sources.getByText('No report matches.').waitFor();
    await t.page.goBack();
    await dmarc.waitRows(6);
  }, { reports: 6 });

  test('unauthenticated DMARC reports are apart, marked and explained', async (t) => {
    const dmarc = await opened(t);
    await dmarc.waitRows(7);
    assert.equal(await dmarc.rows.getByText('unauthenticated').count(), 0);
    await dmarc.toggle('Unauthenticated reports');
    await t.page.getByText('nobody has proven who sent these reports. Anyone can write one').waitFor();
    await dmarc.waitSum('99,999 messages in 1 report:');
    await dmarc.waitRows(1);
    await dmarc.rows.getByText('unauthenticated').waitFor();
    await dmarc.rows.getByText('<b>Receiver</b>').waitFor();
    await dmarc.toggle('Unauthenticated reports');
    await dmarc.waitRows(7);
  }, { reports: 6 });

  test('hostile text in DMARC reports is shown as text', async (t) => {
    const dmarc = await opened(t);
    const row = dmarc.rows.filter({ hasText: '203.0.113.66' });
    await row.getByText('<img src=x onerror="document.title=\'owned\'"> \u27e8U+202E\u27e9gnp.exe {@html}').waitFor();
    await row.getByText("fail <script>document.title='owned'</script>/\"'&amp;").waitFor();
    assert.match(await t.page.title(), /Postern$/);
    assert.equal(await t.page.locator('main a, main img, main script').count(), 0);
    for (const width of [1280, 400]) {
      await t.page.setViewportSize({ width, height: 900 });
      const wide = await t.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, `the page is wider than ${width}`);
    }
  }, { reports: 6 });

  test('long lists of DMARC reports are cut, and say so', async (t) => {
    const dmarc = await opened(t);
    await dmarc.sources.getByText('The 200 rows with most messages, of 2,101.').waitFor();
    await dmarc.waitRows(200);
    await t.page.getByRole('button', { name: 'Show up to 2,000' }).click();
    t.page.setDefaultTimeout(60000); // laying them out takes a slow machine some ten seconds
    await dmarc.sources.getByText('The 2,000 rows with most messages, of 2,101.').waitFor();
    await dmarc.waitRows(2000);
  }, { reports: 2100 });

  test('DMARC reports can be read with the keyboard', async (t) => {
    const dmarc = await opened(t);
    await dmarc.waitRows(7);
    const { keyboard } = t.page;
    const focused = () => t.page.evaluate(() => document.activeElement?.querySelector('.source')?.textContent ?? '');
    await keyboard.press('j');
    assert.equal(await focused(), '192.0.2.1');
    await keyboard.press('j');
    assert.equal(await focused(), '198.51.100.9');
    await keyboard.press('k');
    assert.equal(await focused(), '192.0.2.1');
    await keyboard.press('f');
    await dmarc.waitRows(3);
    await keyboard.press('f');
    await dmarc.waitRows(7);
    await keyboard.press('/');
    assert.equal(await t.page.evaluate(() => document.activeElement.id), 'domain');
    await keyboard.type('example.org');
    await keyboard.press('Enter');
    await dmarc.waitRows(6);
  }, { reports: 6 });
}
