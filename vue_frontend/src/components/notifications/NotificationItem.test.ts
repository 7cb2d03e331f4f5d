// @vitest-environment jsdom

import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it } from 'vitest';

import { makeNotification } from '@/testing';
import NotificationItem from './NotificationItem.vue';

beforeEach(() => {
  document.documentElement.dataset.timeZone = 'UTC';
  setActivePinia(createPinia());
});

it('shows every step of an escalation, with who was told and when', () => {
  const notification = makeNotification({
    status: 'escalated',
    escalated_to: 'lead',
    escalated_at: '2026-11-22T12:30:00Z',
    escalations: [
      { to: 'doctor', at: '2026-11-22T12:15:00Z' },
      { to: 'lead', at: '2026-11-22T12:30:00Z' },
    ],
  });
  const text = mount(NotificationItem, {
    props: { notification },
    global: { stubs: { RouterLink: true } },
  }).text();
  const doctor = text.indexOf('Escalated to Doctor at 22-Nov-2026 12:15');
  const lead = text.indexOf('Escalated to Lead at 22-Nov-2026 12:30');
  expect(doctor).toBeGreaterThan(-1);
  expect(lead).toBeGreaterThan(doctor);
});

it.each(['observation_due', 'observation_overdue'] as const)(
  'shows %s in black with a clock, whatever its severity: the colours are the score’s',
  (kind) => {
    const item = mount(NotificationItem, {
      props: { notification: makeNotification({ kind, severity: 'high' }) },
      global: { stubs: { RouterLink: true } },
    });
    expect(item.classes()).toContain(kind);
    expect(item.classes()).not.toContain('high');
    expect(item.find('.severity .icon').exists()).toBe(true);
    expect(item.find('.severity').text()).toBe('High');
  },
);

it('shows a deterioration in the colour of its severity', () => {
  const item = mount(NotificationItem, {
    props: { notification: makeNotification({ severity: 'high' }) },
    global: { stubs: { RouterLink: true } },
  });
  expect(item.classes()).toContain('high');
  expect(item.find('.severity .icon').exists()).toBe(false);
});
