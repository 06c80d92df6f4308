/** One sentence about what just happened, read out by screen readers. */
class Notice {
  text = $state('');
  bad = $state(false);
  private timer = 0;

  say(text: string, bad = false): void {
    clearTimeout(this.timer);
    this.text = text;
    this.bad = bad;
    this.timer = window.setTimeout(() => (this.text = ''), bad ? 12000 : 6000);
  }

  fail(error: unknown): void {
    this.say(error instanceof Error ? error.message : 'It did not work.', true);
  }

  clear(): void {
    clearTimeout(this.timer);
    this.text = '';
  }
}

export const notice = new Notice();
