// Where GraphiQL keeps tabs, history and settings: localStorage, under our own name, because other
// projects show GraphiQL at localhost:8000 too and their tabs must not turn up here.

const PREFIX = 'sessional:';

// Tokens never reach localStorage. Ours are not GraphiQL's to keep; this catches the ones that
// somebody pastes into an operation, such as `refresh`.
const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g;

const ownKeys = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));

export const storage = {
  getItem: (key: string) => localStorage.getItem(PREFIX + key),
  setItem: (key: string, value: string) => {
    localStorage.setItem(PREFIX + key, value.replace(TOKEN, '(token)'));
  },
  removeItem: (key: string) => {
    localStorage.removeItem(PREFIX + key);
  },
  clear: () => {
    ownKeys().forEach((key) => {
      localStorage.removeItem(key);
    });
  },
  get length() {
    return ownKeys().length;
  },
};
