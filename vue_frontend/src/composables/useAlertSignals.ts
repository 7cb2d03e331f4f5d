import { onBeforeUnmount, ref, watch } from 'vue';

import type { Notification as WardNotification } from '@/api/types';
import { useAlertScreen } from '@/composables/useAlertScreen';
import { placeText } from '@/composables/usePlaceText';
import { isForScreen } from '@/domain/alertBar';
import { t } from '@/locales';
import { useClockStore } from '@/stores/clock';
import { useDeviceStore } from '@/stores/device';
import { useNotificationsStore } from '@/stores/notifications';
import { usePatientsStore } from '@/stores/patients';
import { useSnoozesStore } from '@/stores/snoozes';

/** Two tones, 0.4 s in all: noticed, and unlike the pulses of a medical alarm. */
const TONES_HZ = [740, 587];
const TONE_S = 0.16;
const LOUDNESS = 0.12;

/** `waiting`: wanted, but a browser plays nothing before the page was touched once. */
export type SoundState = 'off' | 'waiting' | 'on';

const soundState = ref<SoundState>('off');
let context: AudioContext | null = null;

function note(): void {
  const isWanted = useDeviceStore().sound === 'on';
  soundState.value = !isWanted ? 'off' : context?.state === 'running' ? 'on' : 'waiting';
}

/** To be called while a person presses something, else browsers refuse. */
async function wake(): Promise<void> {
  if (useDeviceStore().sound === 'on') {
    context ??= new AudioContext();
    await context.resume();
  }
  note();
}

export function playSignal(): void {
  if (context === null || context.state !== 'running') return;
  const output = context;
  TONES_HZ.forEach((frequency, index) => {
    const start = output.currentTime + index * (TONE_S + 0.04);
    const tone = new OscillatorNode(output, { type: 'sine', frequency });
    const volume = new GainNode(output, { gain: 0 });
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(LOUDNESS, start + 0.02);
    volume.gain.linearRampToValueAtTime(0, start + TONE_S);
    tone.connect(volume).connect(output.destination);
    tone.start(start);
    tone.stop(start + TONE_S);
  });
}

export const useSound = () => ({ soundState, wake });

/** What a browser's own notification says: no name, for locked screens show it. */
function showOutside(one: WardNotification): void {
  if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return;
  const patient = usePatientsStore().get(one.patient);
  const where = patient === undefined ? '' : placeText(patient, { isWardNamed: true });
  const shown = new Notification(`${t('notification.alertHeading')}: ${t(`notification.kind.${one.kind}`)}`, {
    body: where,
    tag: `wardlight-${one.id}`,
  });
  shown.onclick = () => window.focus();
}

/**
 * Once for the whole application: sound and the browser's notifications for what interrupts.
 *
 * A strip is silent: the alert of another ward sounds here once nobody acknowledged it in time. A form that is open
 * silences nothing.
 */
export function useAlertSignals(): void {
  const device = useDeviceStore();
  const notifications = useNotificationsStore();
  const snoozes = useSnoozesStore();
  const clock = useClockStore();
  const { screen, toWaiting } = useAlertScreen();
  const told = new Set<number>();

  watch(
    () => notifications.interrupting.filter((one) => isForScreen(toWaiting(one), screen.value, clock.now)),
    (now) => {
      const fresh = now.filter((one) => !told.has(one.id) && snoozes.of(one.id) === null);
      told.clear();
      for (const one of now) told.add(one.id);
      if (fresh.length === 0) return;
      if (device.sound === 'on') playSignal();
      if (device.browserNotifications === 'on' && document.hidden) fresh.forEach(showOutside);
    },
  );
  watch(() => device.sound, note, { immediate: true });
  addEventListener('pointerdown', wake);
  addEventListener('keydown', wake);
  onBeforeUnmount(() => {
    removeEventListener('pointerdown', wake);
    removeEventListener('keydown', wake);
  });
}
