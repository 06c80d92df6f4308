// Where we are: the part of the address behind "#". The server sees none of it.

export interface Route {
  page: 'messages' | 'message' | 'dmarc' | 'audit' | 'unknown';
  id: string;
  query: URLSearchParams;
}

function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const params = new URLSearchParams(query);
  const message = /^messages\/([0-9A-Za-z]{26})$/.exec(path);
  if (message) return { page: 'message', id: message[1] ?? '', query: params };
  if (path === '' || path === 'messages') return { page: 'messages', id: '', query: params };
  if (path === 'dmarc') return { page: 'dmarc', id: '', query: params };
  if (path === 'audit') return { page: 'audit', id: '', query: params };
  return { page: 'unknown', id: '', query: params };
}

class Router {
  route = $state.raw<Route>(parse(location.hash));
  /** Address of the list as it was last seen, to come back to. */
  list = $state('#/');

  constructor() {
    addEventListener('hashchange', () => {
      this.route = parse(location.hash);
      if (this.route.page === 'messages') this.list = location.hash || '#/';
    });
  }

  go(hash: string): void {
    location.hash = hash;
  }

  back(): void {
    location.hash = this.list;
  }
}

export const router = new Router();

export function listHash(query: URLSearchParams): string {
  const text = query.toString();
  return text ? `#/?${text}` : '#/';
}
