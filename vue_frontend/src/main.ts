import '@/assets/icon.svg';
import '@/styles/index.css';

import { createPinia } from 'pinia';
import { createApp } from 'vue';

import App from './App.vue';
import { i18n, speak } from './locales';
import { router } from './router';
import { useDeviceStore } from './stores/device';

const pinia = createPinia();
// In the language of this device from the first word on; English is at hand, the others are fetched.
void speak(useDeviceStore(pinia).language).finally(() =>
  createApp(App).use(pinia).use(i18n).use(router).mount('#app'),
);
