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
    nursePauseText: 'Durch die Pflege höchstens 4 Stunden, zusammen mit den Pausen seit der letzten Messung.',
    nursePauseTooLong:
      'Die Pflege pausiert höchstens 4 Stunden. Eine Ärztin oder die Leitung kann länger pausieren.',
    pausedByNurse: 'durch {name}, Pflege',
  },
  stayUndo: {
    move: '{name} verlegt: {place}.',
    swap: '{name} und {other} haben getauscht.',
    discharge: '{name} entlassen.',
    changed: 'Nicht rückgängig gemacht: Jemand anders hat diesen Patienten inzwischen geändert.',
    changedBy: 'Nicht rückgängig gemacht: {name} hat diesen Patienten am {time} geändert.',
    failed: 'Nicht rückgängig gemacht: Der Server hat es abgelehnt.',
  },
  lateSet: {
    earlier: 'Früher',
    date: 'Tag der Messung',
    reason: 'Warum es so spät eingetragen wird',
    reasonMissing: 'Sagen Sie, warum eine Messung eines früheren Tages erst jetzt eingetragen wird.',
  },
  scale: {
    setBy: 'Festgelegt von {name}, {time}',
    failed: 'Wer sie festgelegt hat, lässt sich gerade nicht laden.',
  },
  corrected: {
    sign: '○',
    mark: 'Korrigiert',
    tableLegend: '○ Später korrigiert: Die Uhrzeit führt zu den Fassungen.',
    chartLegend:
      'Hohl, gestrichelt oder ○: Dieser Wert wurde später korrigiert. Die Uhrzeit führt zu den Fassungen.',
  },
  slip: {
    struck: 'Irrtümlich eingetragen',
    struckLong: 'Irrtümlich eingetragen, zurückgenommen von {name}, {time}: {reason}',
    legend: 'Durchgestrichen: irrtümlich eingetragen, zählt in keinem Score.',
    trendLegend: '× irrtümlich eingetragen, zählt in keinem Score.',
    more: 'Mehr',
    moreOf: 'Mehr zur Version von {time}',
    reasonText: 'In Ihren Worten',
    reasons: {
      typing: 'Tippfehler',
      time: 'Falsche Zeit',
      patient: 'Falscher Patient',
      again: 'Nachgemessen',
      other: 'Anderes',
    },
    elsewhere: 'Für einen anderen Patienten eintragen',
    elsewhereText:
      'Die Werte kommen in das Formular dieses Patienten. Sehen Sie jeden an, und speichern Sie dort.',
    whose: 'Wessen Werte sind es?',
    choosePatient: 'Patient wählen',
    hasDraft:
      'Für diesen Patienten gibt es schon einen Entwurf von Ihnen. Speichern oder verwerfen Sie ihn zuerst.',
    toForm: 'Zum Formular',
    notOwn: 'Jemand anders hat diese Messung eingetragen. Ärztin oder Leitung können sie zurücknehmen.',
    tooLate:
      'Sie haben diese Messung vor über 60 Minuten eingetragen. Ärztin oder Leitung können sie zurücknehmen.',
    changed: 'Jemand anders hat diese Messung geändert. Ärztin oder Leitung können sie zurücknehmen.',
  },
};
