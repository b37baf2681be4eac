import { join } from 'node:path';
import i18next from 'i18next';
import Backend from 'i18next-fs-backend';
export async function answer() {
  const i18n = i18next.createInstance();
  await i18n.use(Backend).init({
    lng: 'de',
    fallbackLng: 'en',
    backend: { loadPath: join(import.meta.dirname, 'locales/{{lng}}/{{ns}}.json') },
  });
  return [i18n.t('hello'), i18n.t('only')];
}
