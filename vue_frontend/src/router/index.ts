import { watch } from 'vue';
import { createRouter, createWebHistory, type RouteLocationNormalized } from 'vue-router';

import { language, t, type MessageKey } from '@/locales';
import { part } from '@/parts';
import { useSessionStore } from '@/stores/session';

declare module 'vue-router' {
  interface RouteMeta {
    title: MessageKey;
    /** Reachable without signing in. */
    isPublic?: boolean;
  }
}

const wardBoard = part(() => import(/* webpackChunkName: "ward-board" */ '@/views/WardBoardView.vue'));
const signIn = part(() => import(/* webpackChunkName: "sign-in" */ '@/views/SignInView.vue'));
const patient = part(() => import(/* webpackChunkName: "patient" */ '@/views/PatientView.vue'));
const record = part(() => import(/* webpackChunkName: "record" */ '@/views/RecordView.vue'));
const report = part(() => import(/* webpackChunkName: "report" */ '@/views/ReportView.vue'));
const printChart = part(() => import(/* webpackChunkName: "print-chart" */ '@/views/PrintChartView.vue'));
const printWard = part(() => import(/* webpackChunkName: "print-ward" */ '@/views/PrintWardView.vue'));
const notifications = part(
  () => import(/* webpackChunkName: "notifications" */ '@/views/NotificationsView.vue'),
);
const patients = part(() => import(/* webpackChunkName: "patients" */ '@/views/PatientsView.vue'));
const patientForm = part(() => import(/* webpackChunkName: "patient-form" */ '@/views/PatientFormView.vue'));
const importView = part(() => import(/* webpackChunkName: "import" */ '@/views/ImportView.vue'));
const settings = part(() => import(/* webpackChunkName: "settings" */ '@/views/SettingsView.vue'));
const statistics = part(() => import(/* webpackChunkName: "statistics" */ '@/views/StatisticsView.vue'));
const notFound = part(() => import(/* webpackChunkName: "not-found" */ '@/views/NotFoundView.vue'));

/** Not in what is served to a ward. */
const styleguide = {
  path: '/styleguide',
  name: 'styleguide',
  component: part(() => import(/* webpackChunkName: "styleguide" */ '@/views/StyleguideView.vue')),
  meta: { title: 'title.styleguide' as const, isPublic: true },
};

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'board', component: wardBoard, meta: { title: 'title.board' } },
    { path: '/sign-in', name: 'sign-in', component: signIn, meta: { title: 'title.signIn', isPublic: true } },
    { path: '/patients', name: 'patients', component: patients, meta: { title: 'title.patients' } },
    {
      path: '/patients/admit',
      name: 'admit',
      component: patientForm,
      props: () => ({ id: null }),
      meta: { title: 'title.admit' },
    },
    { path: '/patients/import', name: 'import', component: importView, meta: { title: 'title.import' } },
    {
      path: '/patients/:id(\\d+)/edit',
      name: 'patient-edit',
      component: patientForm,
      props: (route) => ({ id: Number(route.params.id) }),
      meta: { title: 'title.patientEdit' },
    },
    {
      path: '/patients/:id(\\d+)',
      name: 'patient',
      component: patient,
      props: (route) => ({ id: Number(route.params.id) }),
      meta: { title: 'title.patient' },
    },
    {
      path: '/patients/:id(\\d+)/record',
      name: 'record',
      component: record,
      props: (route) => ({ id: Number(route.params.id) }),
      meta: { title: 'title.record' },
    },
    {
      path: '/patients/:id(\\d+)/reports/:report(\\d+)',
      name: 'report',
      component: report,
      props: (route) => ({ id: Number(route.params.id), report: Number(route.params.report) }),
      meta: { title: 'title.report' },
    },
    {
      path: '/patients/:id(\\d+)/print',
      name: 'print-chart',
      component: printChart,
      props: (route) => ({ id: Number(route.params.id) }),
      meta: { title: 'title.printChart' },
    },
    { path: '/print/ward', name: 'print-ward', component: printWard, meta: { title: 'title.printWard' } },
    {
      path: '/notifications',
      name: 'notifications',
      component: notifications,
      meta: { title: 'title.notifications' },
    },
    { path: '/statistics', name: 'statistics', component: statistics, meta: { title: 'title.statistics' } },
    { path: '/settings', name: 'settings', component: settings, meta: { title: 'title.settings' } },
    ...(__DEV_TOOLS__ ? [styleguide] : []),
    {
      path: '/:rest(.*)*',
      name: 'not-found',
      component: notFound,
      meta: { title: 'title.notFound', isPublic: true },
    },
  ],
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? undefined : { top: 0 }),
});

/**
 * The page somebody asked for before signing in; only our own paths, never another site's. Read as the browser will:
 * it leaves tabs and line breaks out, takes `\` for `/`, and what then begins with `//` names another host.
 */
export function pageAskedFor(route: Pick<RouteLocationNormalized, 'query'>): string {
  const next = route.query.next;
  if (typeof next !== 'string' || !next.startsWith('/')) return '/';
  try {
    const { origin, pathname, search, hash } = new URL(next, location.origin);
    return origin === location.origin && !pathname.startsWith('//') ? pathname + search + hash : '/';
  } catch {
    return '/'; // no address at all
  }
}

/** Go to a page of ours: within the application, or to one that the server makes (the API's description, …). */
export async function goToPage(path: string): Promise<void> {
  if (router.resolve(path).name === 'not-found') location.assign(path);
  else await router.replace(path);
}

router.beforeEach(async (to) => {
  const session = useSessionStore();
  if (!session.isKnown) {
    try {
      await session.begin();
    } catch {
      // Unreachable: a page that is for everybody says so when somebody tries.
      if (to.meta.isPublic !== true) await session.waitForServer();
    }
  }
  if (to.meta.isPublic === true || session.user !== null) return true;
  return { name: 'sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } };
});

function nameTheTab(to: RouteLocationNormalized): void {
  document.title = `${t(to.meta.title)} · ${t('product.name')}`;
}
router.afterEach(nameTheTab);
// Before the first navigation there is no title to translate.
watch(language, () => router.currentRoute.value.matched.length > 0 && nameTheTab(router.currentRoute.value));
