// @vitest-environment jsdom

import { afterEach, describe, expect, it } from 'vitest';

import { speak } from '@/locales';
import { firstRefusal, messagesByField, refusalText } from './useRefusals';

/** The sentences as the server writes them. tests/api hold it to these. */
const SENTENCES: [field: string, sentence: string, german: string][] = [
  ['history_change_reason', 'Say why: a correction needs a reason.', 'Grund fehlt.'],
  [
    'pulse',
    'Pulse must be between 0 and 300 /min; 301 was given.',
    'Puls muss zwischen 0 und 300 /min liegen. Prüfen Sie den Wert.',
  ],
  [
    'pain_score',
    'Pain score must be between 0 and 10; 11 was given.',
    'Schmerzskala muss zwischen 0 und 10 /10 liegen. Prüfen Sie den Wert.',
  ],
  ['pulse', 'Pulse must be a whole number; 80.5 was given.', 'Puls muss eine ganze Zahl sein.'],
  ['pulse', 'A whole number is needed; 80.5 was given.', 'Puls muss eine ganze Zahl sein.'],
  ['weight', 'A number is needed; True was given.', 'Gewicht ist noch keine Zahl. Prüfen Sie den Wert.'],
  [
    'bp_dia',
    'Diastolic pressure must be below systolic pressure unless both are 0; 80/90 mmHg was given.',
    'Der diastolische Wert muss unter dem systolischen liegen. Prüfen Sie beide Werte.',
  ],
  [
    'oxygen_flow',
    'Air and an oxygen flow of 15 l/min contradict each other. Correct one of the two.',
    'Raumluft und ein Sauerstofffluss widersprechen sich. Berichtigen Sie eines von beiden.',
  ],
  [
    'pulse',
    'pulse has a value, and a reason why it was not measured. Send one of the two.',
    'Puls hat einen Wert und einen Grund, warum nicht gemessen wurde. Nehmen Sie eines von beiden heraus.',
  ],
  [
    'last_name',
    'A first name or a last name is needed; one of the two is enough.',
    'Ein Vor- oder ein Familienname wird gebraucht; einer genügt.',
  ],
  [
    'date_of_birth',
    'A date such as 1950-12-31 is needed, or 1950-12 or 1950 where no more is known; 12/31/1958 was given. Write year, month, day: which of them is the month is not guessed.',
    'Das ist kein Geburtsdatum. Tag, Monat und Jahr angeben, das Jahr allein oder Monat und Jahr.',
  ],
  ['admission_date', 'This is before the birth in 1958-06.', 'Das liegt vor dem Geburtsdatum.'],
  [
    'date_of_birth',
    'date_of_birth is 1958, date_of_birth_precision day: send one of them.',
    'Das ist kein Geburtsdatum. Tag, Monat und Jahr angeben, das Jahr allein oder Monat und Jahr.',
  ],
  [
    'date_of_birth_precision',
    'There is no date of birth that this could be said of.',
    'Das gehört zu einem Geburtsdatum, das so weit bekannt ist.',
  ],
  [
    'date_of_birth_precision',
    'Only 1958-02 is known. Send the date_of_birth with it.',
    'Das gehört zu einem Geburtsdatum, das so weit bekannt ist.',
  ],
  [
    'datetime',
    'A time such as 2026-03-01T14:30:00Z (ISO 8601) is needed; 25.10.2026 02:30 was given. Write year, month, day: which of them is the month is not guessed.',
    'Das ist keine Zeit, die der Server kennt.',
  ],
  [
    'datetime',
    'The clocks were set back then: 2023-10-29T02:30 came twice. Write which one it is, 2023-10-29T02:30:00+02:00 or 2023-10-29T02:30:00+01:00, or the time in UTC.',
    'Da wurde die Uhr zurückgestellt: Diese Zeit gab es zweimal. Geben Sie an, welche, mit dem Abstand zu UTC.',
  ],
  [
    'allergies',
    'NKDA is no allergy. Leave the cell empty, and say none_known or not_recorded in allergy_status.',
    '„NKDA“ ist keine Allergie: Lassen Sie die Zelle leer und sagen Sie es in allergy_status.',
  ],
  [
    'height',
    'NULL is no value. Leave the cell empty where there is none.',
    '„NULL“ ist kein Wert: Lassen Sie die Zelle leer.',
  ],
  ['weight', '70,5 has a decimal comma. Write 70.5.', 'Schreiben Sie einen Dezimalpunkt: 70.5.'],
  [
    'last_name',
    'The same name and date of birth as patient H1. Check whether it is one person.',
    'Jemand anderes hat diesen Namen und dieses Geburtsdatum. Ist es dieselbe Person?',
  ],
  [
    'hospital_number',
    'It differs from A-0042 by case, signs or leading zeros alone. Check whether it is one person.',
    'Diese Nummer unterscheidet sich kaum von A-0042. Ist es dieselbe Person?',
  ],
  [
    'patients',
    'The cells are separated by semicolons. Save the file as CSV with commas (CSV UTF-8) and send that one.',
    'Die Zellen sind nicht durch Kommas getrennt. Speichern Sie die Datei als CSV mit Kommas.',
  ],
  ['datetime', 'This is before the birth on 2024-11-20.', 'Das liegt vor dem Geburtsdatum.'],
  [
    'date_of_birth',
    'The birth cannot be after 2024-11-20T08:00Z: admission_date.',
    'Aufnahme, Fieber oder eine Messung liegt vor diesem Geburtsdatum.',
  ],
  [
    'admission_date',
    'This is before the end of the stay before at 2024-11-20T08:00:12Z.',
    'Der Aufenthalt davor endete 20-Nov-2024 08:00: Dieser kann nicht früher beginnen.',
  ],
  [
    'allergies',
    'allergy_status is none_known, allergies is not empty: the text goes with the status known, and only with that.',
    'Ein Text zu Allergien gehört zu „bekannt“, und nur dazu.',
  ],
  [
    'weight',
    'Weight 154.3 kg, and 70 kg the last time: another unit? Check it, and confirm it if it is right.',
    'Gewicht: zuletzt 70, jetzt 154.3 kg. Eine andere Einheit?',
  ],
  [
    'height',
    'Height 90 cm is unusual for an adult: below 100 cm. Check it, and confirm it if it is right.',
    'Größe 90 cm ist klein für einen Erwachsenen.',
  ],
  [
    'bp_sys',
    'Systolic pressure 240 mmHg is unusual: outside 60 to 230 mmHg. Check it, and confirm it if it is right.',
    'Systolisch 240 mmHg ist ungewöhnlich.',
  ],
  [
    'oxygen_flow',
    'On oxygen with a flow of 0 l/min is unusual. Check it, and confirm it if it is right.',
    'Sauerstoff mit Fluss 0: Prüfen Sie beides.',
  ],
  [
    'oxygen_device',
    'On air with an oxygen device is unusual. Check it, and confirm it if it is right.',
    'Raumluft mit einem Sauerstoffgerät: Prüfen Sie beides.',
  ],
  [
    'pregnant',
    'Pregnant and male is unusual. Check it, and confirm it if it is right.',
    'Schwanger und männlich ist ungewöhnlich.',
  ],
  [
    'pregnant',
    'Pregnant at the age of 76 is unusual. Check it, and confirm it if it is right.',
    'Eine Schwangerschaft unter 10 oder über 55 Jahren ist ungewöhnlich.',
  ],
  [
    'ward',
    'There was no ward 9C before: is it spelt right?',
    'Eine Station 9C gibt es noch nicht. Ist sie richtig geschrieben?',
  ],
  [
    'bed',
    'Bed 3 of ward 9C is taken twice: it is also that of patient 1.',
    'Noch ein Patient hat dieses Bett',
  ],
  [
    'until',
    'A pause by a nurse lasts 4 hours at most, with those before it since the last set of observations. A doctor or lead can set a longer one.',
    'Die Pflege pausiert höchstens 4 Stunden. Eine Ärztin oder die Leitung kann länger pausieren.',
  ],
  [
    'detail',
    'Somebody else recorded this set. A doctor or lead can take it back.',
    'Jemand anders hat diese Messung eingetragen. Ärztin oder Leitung können sie zurücknehmen.',
  ],
  [
    'detail',
    'You recorded this set over 60 minutes ago. A doctor or lead can take it back.',
    'Sie haben diese Messung vor über 60 Minuten eingetragen. Ärztin oder Leitung können sie zurücknehmen.',
  ],
  [
    'detail',
    'Somebody else has changed this set. A doctor or lead can take it back.',
    'Jemand anders hat diese Messung geändert. Ärztin oder Leitung können sie zurücknehmen.',
  ],
  [
    'datetime',
    'Observations cannot be taken in the future: the time is over 5 minutes ahead.',
    'Das liegt in der Zukunft. Prüfen Sie es.',
  ],
  [
    'datetime',
    'This is before the admission at 2024-11-20T08:00Z.',
    'Die Zeit der Messung kann nicht vor der Aufnahme um 20-Nov-2024 08:00 liegen.',
  ],
  [
    'datetime',
    'A time such as 2026-03-01T14:30:00Z (ISO 8601) is needed; now was given.',
    'Das ist keine Zeit, die der Server kennt.',
  ],
  [
    'datetime',
    'The year must be between 1900 and 2199; 0001-01-01 was given.',
    'Das ist keine Zeit, die der Server kennt.',
  ],
  ['detail', 'You do not have permission to perform this action.', 'Ihre Rolle darf das nicht.'],
];

/** What the server says of nothing names no field: it is named in every language. */
const MISSING: [field: string, sentence: string, english: string, german: string][] = [
  ['last_name', 'This field is required.', 'Family name is needed.', 'Familienname fehlt.'],
  ['last_name', 'This field may not be blank.', 'Family name is needed.', 'Familienname fehlt.'],
  ['datetime', 'This field may not be null.', 'Time taken is needed.', 'Zeit der Messung fehlt.'],
  ['history_change_reason', 'This field is required.', 'Reason is needed.', 'Grund fehlt.'],
  ['moon_phase', 'This field is required.', 'This value is needed.', 'Dieser Wert fehlt.'],
];

describe('a refusal of the server', () => {
  afterEach(() => {
    delete document.documentElement.dataset.timeZone;
    return speak('en');
  });

  it.each(SENTENCES)('of %s, "%s", is told in the language of the page', async (field, sentence, german) => {
    document.documentElement.dataset.timeZone = 'UTC';
    await speak('de');
    expect(refusalText(field, sentence)).toBe(german);
  });

  it.each(MISSING)('of %s, "%s", names what is missing', async (field, sentence, english, german) => {
    expect(refusalText(field, sentence)).toBe(english);
    await speak('de');
    expect(refusalText(field, sentence)).toBe(german);
  });

  it('is told in the words of the server in English, which name the value', () => {
    for (const [field, sentence] of SENTENCES) expect(refusalText(field, sentence)).toBe(sentence);
  });

  it('that this page does not know is told in the words of the server', async () => {
    await speak('de');
    expect(refusalText('pulse', 'Something new.')).toBe('Something new.');
  });

  it('comes first by field, else as it stands', async () => {
    await speak('es');
    expect(firstRefusal([{ last_name: ['This field is required.'] }])).toBe('Falta: Apellidos.');
    expect(firstRefusal(['plain'])).toBe('plain');
    expect(firstRefusal([])).toBeNull();
  });
});

describe('errors of the server', () => {
  it('are found by field, alone or in a list', () => {
    expect(messagesByField([{ pulse: ['a', 'b'] }, { detail: 'c' }])).toEqual({ pulse: 'a', detail: 'c' });
    expect(messagesByField({ pulse: ['a'] })).toEqual({ pulse: 'a' });
    expect(messagesByField(['plain'])).toEqual({});
  });
});
