// @vitest-environment jsdom

import { beforeEach, expect, it } from 'vitest';

import {
  countUnsavedSets,
  DRAFT_LIFETIME_MS,
  dropDraftsOf,
  dropOldDrafts,
  findDraft,
  keepDraft,
} from './useDraftStorage';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const [NADIA, NILS] = [4, 41];

beforeEach(() => localStorage.clear());

it("keeps another person's draft when one signs out, and none of one's own", () => {
  keepDraft(NADIA, 7, { pulse: '72' }, NOW);
  keepDraft(NADIA, 'report-3', { pulse: '80' }, NOW);
  keepDraft(NILS, 7, { pulse: '99' }, NOW);
  dropDraftsOf(NADIA, NOW);
  expect(findDraft(NADIA, 7, NOW)).toBeNull();
  expect(findDraft(NADIA, 'report-3', NOW)).toBeNull();
  expect(findDraft(NILS, 7, NOW)?.draft).toEqual({ pulse: '99' });
});

it('keeps none for longer than half an hour, whoever typed it and whatever else is stored', () => {
  keepDraft(NADIA, 7, {}, NOW - DRAFT_LIFETIME_MS);
  keepDraft(NILS, 7, {}, NOW - DRAFT_LIFETIME_MS + 1);
  localStorage.setItem('wardlight.draft.9.1', 'not JSON');
  localStorage.setItem('wardlight.ward', '7A');
  dropOldDrafts(NOW);
  expect(Object.keys(localStorage).sort()).toEqual(['wardlight.draft.41.7', 'wardlight.ward']);
});

it('counts the sets that wait unsaved, and no other form', () => {
  keepDraft(NADIA, 7, {}, NOW);
  keepDraft(NILS, 8, {}, NOW - DRAFT_LIFETIME_MS + 1);
  keepDraft(NILS, 9, {}, NOW - DRAFT_LIFETIME_MS);
  keepDraft(NADIA, 'report-3', {}, NOW);
  expect(countUnsavedSets(NOW)).toBe(2);
});
