/** English: acts on a stay and on a set: wards, beds, undoing, slips, late sets. */
export const actsEn = {
  place: {
    noWard: 'No ward',
    newWard: 'New ward …',
    newWardName: 'Name of the new ward',
    newWardAsk: 'There is no ward {ward} yet. Is it spelt right?',
    newWardConfirm: 'Yes, a new ward {ward}',
    newWardConfirmed: 'New ward {ward}.',
    wardIsThere: 'That is ward {ward}.',
    wardMissing: 'Type the name of the ward, or choose one.',
    swap: 'Change places with {name}',
    shared: 'Bed taken twice',
    sharedLong: 'Another patient has this bed as well',
    nursePause: 'Paused by a nurse',
    nursePauseLong: 'Off the ward, paused by a nurse until {time}',
    nursePauseText: 'By a nurse for 4 hours at most, with what was paused since the last set.',
    nursePauseTooLong: 'A nurse pauses for 4 hours at most. A doctor or lead can set a longer one.',
    pausedByNurse: 'by {name}, nurse',
  },
  stayUndo: {
    move: '{name} moved: {place}.',
    swap: '{name} and {other} changed places.',
    discharge: '{name} discharged.',
    changed: 'Not undone: somebody else has changed this patient since.',
    failed: 'Not undone: the server refused it.',
  },
  lateSet: {
    earlier: 'Earlier',
    date: 'Day it was taken',
    reason: 'Why it is entered late',
    reasonMissing: 'Say why a set of an earlier day is entered now.',
  },
};
