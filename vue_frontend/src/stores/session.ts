import { defineStore } from 'pinia';
import { computed, ref } from 'vue';

import { http, HttpError } from '@/api/http';
import type { SignedInUser } from '@/api/types';
import { dropDraftsOf, dropOldDrafts } from '@/composables/useDraftStorage';
import { useClockStore } from './clock';
import { useSnoozesStore } from './snoozes';

const ASK_EVERY_MS = 5_000;
/** On a dead line a question hangs for long: after this the page says that the server does not answer. */
const SLOW_MS = 6_000;

export type SignedOutReason = 'ended' | 'signedOut';

/** Who is signed in on this device, and what they may do. */
export const useSessionStore = defineStore('session', () => {
  const user = ref<SignedInUser | null>(null);
  const isKnown = ref(false);
  /** The server does not answer, and who is signed in is not known. */
  const isUnreachable = ref(false);
  /** Why the sign-in page is shown, where the person did not ask for it. */
  const reason = ref<SignedOutReason | null>(null);

  const name = computed(() => {
    if (user.value === null) return '';
    const full = `${user.value.first_name} ${user.value.last_name}`.trim();
    return full !== '' ? full : user.value.username;
  });

  function can(permission: string): boolean {
    return user.value?.permissions.includes(permission) ?? false;
  }

  /** At the start of the page: it says itself where nobody is signed in, and spares the question. */
  async function begin(): Promise<void> {
    dropOldDrafts(useClockStore().current());
    if (document.documentElement.dataset.signedIn === 'no') {
      isKnown.value = true;
      return;
    }
    const slow = setTimeout(() => (isUnreachable.value = true), SLOW_MS);
    try {
      await restore();
    } finally {
      clearTimeout(slow);
      isUnreachable.value = false;
    }
  }

  /**
   * Ask the server who is signed in; null where nobody is.
   * Throws another error than HttpError where the server cannot be reached: that is no reason to sign anybody out.
   */
  async function restore(): Promise<SignedInUser | null> {
    try {
      user.value = (await http.get('/rest-auth/user/')) as SignedInUser;
    } catch (error) {
      if (!(error instanceof HttpError) || (error.status !== 401 && error.status !== 403)) throw error;
      user.value = null;
    }
    isKnown.value = true;
    return user.value;
  }

  /** Ask again and again until the server says who is signed in. Until then the page says that it does not answer. */
  async function waitForServer(): Promise<void> {
    isUnreachable.value = true;
    while (!isKnown.value) {
      await new Promise<void>((resolve) => {
        askAgain = resolve;
        setTimeout(resolve, ASK_EVERY_MS);
      });
      await restore().catch(() => undefined);
    }
    isUnreachable.value = false;
  }

  let askAgain: () => void = () => undefined;

  /** Throws HttpError where the server refuses, another error where it cannot be reached. */
  async function signIn(username: string, password: string): Promise<SignedInUser | null> {
    await http.post('/rest-auth/login/', { username, password });
    reason.value = null;
    return restore();
  }

  async function signOut(): Promise<void> {
    try {
      await http.post('/rest-auth/logout/');
    } catch (error) {
      // Signed out already, or by another device: either way nobody is signed in here any more.
      if (!(error instanceof HttpError)) throw error;
    }
    // Shared tablets keep nothing of who has gone. A sign-in that merely ended keeps the draft for its user.
    if (user.value !== null) dropDraftsOf(user.value.pk, useClockStore().current());
    useSnoozesStore().clear();
    forget('signedOut');
  }

  function forget(why: SignedOutReason): void {
    user.value = null;
    reason.value = why;
  }

  return {
    user,
    isKnown,
    isUnreachable,
    reason,
    name,
    can,
    begin,
    restore,
    waitForServer,
    askServer: () => askAgain(),
    signIn,
    signOut,
    forget,
  };
});
