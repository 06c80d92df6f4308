import { api, ApiError, setCsrf, whenLoggedOut } from './api';
import type { Session, StatusCounts } from './types';

const pollEvery = 5000;

/** Who is logged in, and what the store holds, asked again every few seconds. */
class Desk {
  session = $state.raw<Session | null>(null);
  /** False until we know whether there is a session. */
  known = $state(false);
  status = $state.raw<StatusCounts | null>(null);
  /** The last status request failed. */
  unreachable = $state(false);
  private timer = 0;

  constructor() {
    whenLoggedOut(() => this.forget());
  }

  async resume(): Promise<void> {
    try {
      this.begin(await api.session());
    } catch {
      this.session = null;
    }
    this.known = true;
  }

  begin(session: Session): void {
    setCsrf(session.csrf);
    this.session = session;
    void this.refresh();
  }

  async logout(): Promise<void> {
    try {
      await api.logout();
    } finally {
      this.forget();
    }
  }

  /** Asks for the status now, and then again every few seconds. */
  async refresh(): Promise<void> {
    clearTimeout(this.timer);
    if (!this.session) return;
    try {
      this.status = await api.status();
      this.unreachable = false;
    } catch (error) {
      this.unreachable = !(error instanceof ApiError && error.status === 401);
    }
    clearTimeout(this.timer);
    if (this.session) this.timer = window.setTimeout(() => void this.refresh(), pollEvery);
  }

  private forget(): void {
    clearTimeout(this.timer);
    setCsrf('');
    this.session = null;
    this.status = null;
  }
}

export const desk = new Desk();
