// The pages as a reviewer sees them. Names and roles only, so that tests notice when those are lost.

export class LoginPage {
  constructor(page, url) {
    this.page = page;
    this.url = url;
  }
  async open() {
    await this.page.goto(this.url);
    await this.page.getByLabel('Password').waitFor();
  }
  async login({ user, password }) {
    await this.page.getByLabel('User name').fill(user);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Log in' }).click();
  }
  problem() {
    return this.page.getByRole('alert').textContent();
  }
}

export class ListPage {
  constructor(page) {
    this.page = page;
    this.rows = page.locator('tbody tr');
  }
  async ready() {
    await this.page.getByRole('heading', { name: /^Messages \d/ }).waitFor();
  }
  async total() {
    await this.ready();
    const text = await this.page.getByRole('heading', { name: /^Messages/ }).textContent();
    return Number(text.replace(/\D/g, ''));
  }
  /** Waits until the list says it has so many messages. */
  async waitTotal(total) {
    await this.page.getByRole('heading', { name: new RegExp(`^Messages ${total}$`) }).waitFor();
  }
  /** Waits until exactly so many rows hold the text. */
  async waitRows(text, count) {
    const rows = this.rows.filter({ hasText: text });
    if (count > 0) await rows.nth(count - 1).waitFor();
    await rows.nth(count).waitFor({ state: 'detached' });
  }
  row(subject) {
    return this.rows.filter({ hasText: subject });
  }
  async subjects() {
    return this.page.locator('tbody tr a[data-id]').allTextContents();
  }
  async search(text) {
    await this.page.getByRole('searchbox').fill(text);
    await this.page.getByRole('button', { name: 'Search' }).click();
  }
  async filter(name, value) {
    await this.page.getByRole('combobox', { name }).selectOption(value);
  }
  async choose(subject) {
    await this.row(subject).getByRole('checkbox').check();
  }
  async open(subject) {
    await this.row(subject).getByRole('link').click();
  }
}

export class MessagePage {
  constructor(page) {
    this.page = page;
  }
  async ready() {
    await this.page.getByRole('heading', { name: 'Why it is held' }).waitFor();
  }
  section(name) {
    return this.page.getByRole('region', { name });
  }
  async subject() {
    return this.page.getByRole('heading', { level: 1 }).textContent();
  }
  async release() {
    await this.page.getByRole('button', { name: /^Release/ }).first().click();
    return new ConfirmDialog(this.page);
  }
  async scanAgain() {
    await this.page.getByRole('button', { name: 'Scan again' }).click();
  }
  async remove() {
    await this.page.getByRole('button', { name: /^Delete/ }).first().click();
    return new ConfirmDialog(this.page);
  }
  async download() {
    const waiting = this.page.waitForEvent('download');
    await this.page.getByRole('link', { name: 'Download' }).click();
    return waiting;
  }
}

export class ConfirmDialog {
  constructor(page) {
    this.box = page.getByRole('dialog');
  }
  async confirm() {
    await this.box.locator('button[type=submit]').click();
    await this.box.waitFor({ state: 'detached' });
  }
  async cancel() {
    await this.box.getByRole('button', { name: 'Cancel' }).click();
    await this.box.waitFor({ state: 'detached' });
  }
}

export class AuditPage {
  constructor(page) {
    this.page = page;
    this.rows = page.locator('tbody tr');
  }
  async open() {
    await this.page.getByRole('link', { name: 'Audit log' }).click();
    await this.page.getByRole('heading', { name: 'Audit log' }).waitFor();
    await this.rows.first().waitFor();
  }
}

export class DmarcPage {
  constructor(page) {
    this.page = page;
    this.sources = page.getByRole('region', { name: /sources/i });
    this.rows = this.sources.locator('tbody tr');
    this.domains = page.getByRole('region', { name: 'Domains' }).locator('tbody tr');
  }
  async open() {
    await this.page.getByRole('link', { name: 'DMARC' }).click();
    await this.page.getByRole('heading', { name: 'DMARC reports', level: 1 }).waitFor();
  }
  /** Waits until the sum above the tables begins like this. */
  async waitSum(text) {
    await this.page.getByText(text).waitFor();
  }
  /** Waits until exactly so many sources are listed. */
  async waitRows(count) {
    if (count > 0) await this.rows.nth(count - 1).waitFor();
    await this.rows.nth(count).waitFor({ state: 'detached' });
  }
  async time(label) {
    await this.page.getByLabel('Time').selectOption({ label });
  }
  async toggle(label) {
    await this.page.getByRole('checkbox', { name: label }).click();
  }
  async domain(text) {
    await this.page.getByLabel('Domain', { exact: true }).fill(text);
    await this.page.getByRole('button', { name: 'Filter' }).click();
  }
}

/** What the last act said. */
export const notice = (page) => page.getByRole('status');
