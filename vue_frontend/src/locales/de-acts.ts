import type { actsEn } from './en-acts';

/** German: acts on a stay and on a set: wards, beds, undoing, slips, late sets. */
export const actsDe: typeof actsEn = {
  place: {
    noWard: 'Keine Station',
    newWard: 'Neue Station …',
    newWardName: 'Name der neuen Station',
    newWardAsk: 'Eine Station {ward} gibt es noch nicht. Ist sie richtig geschrieben?',
    newWardConfirm: 'Ja, eine neue Station {ward}',
    newWardConfirmed: 'Neue Station {ward}.',
    wardIsThere: 'Das ist Station {ward}.',
    wardMissing: 'Geben Sie den Namen der Station ein, oder wählen Sie eine.',
    swap: 'Mit {name} tauschen',
    shared: 'Bett doppelt belegt',
    sharedLong: 'Noch ein Patient hat dieses Bett',
    nursePause: 'Pause der Pflege',
    nursePauseLong: 'Nicht auf der Station, Pause durch die Pflege bis {time}',
    nursePauseText: 'Durch die Pflege höchstens 4 Stunden, zusammen mit den Pausen seit dem letzten Set.',
    nursePauseTooLong:
      'Die Pflege pausiert höchstens 4 Stunden. Eine Ärztin oder die Leitung kann länger pausieren.',
    pausedByNurse: 'durch {name}, Pflege',
  },
  stayUndo: {
    move: '{name} verlegt: {place}.',
    swap: '{name} und {other} haben getauscht.',
    discharge: '{name} entlassen.',
    changed: 'Nicht rückgängig gemacht: Jemand anders hat diesen Patienten inzwischen geändert.',
    failed: 'Nicht rückgängig gemacht: Der Server hat es abgelehnt.',
  },
  lateSet: {
    earlier: 'Früher',
    date: 'Tag der Messung',
    reason: 'Warum es so spät eingetragen wird',
    reasonMissing: 'Sagen Sie, warum ein Set eines früheren Tages erst jetzt eingetragen wird.',
  },
};
