import { NUMBER_FIELDS, type NumberField } from '@/api/types';
import { useFormat } from '@/composables/useFormat';
import { DECIMALS } from '@/domain/fields';
import { formatReading } from '@/domain/format';
import { isBlank, type Recorded, type RecordedField } from '@/domain/reportVersions';
import { t, type MessageKey } from '@/locales';

const isNumber = (field: RecordedField): field is NumberField =>
  (NUMBER_FIELDS as readonly string[]).includes(field);

/** What people recorded, in words: one field, or one value of it. */
export function useRecordedTexts() {
  const format = useFormat();

  function labelOf(field: RecordedField): string {
    if (field === 'day_of_fever') return t('record.dayOfFever');
    if (field === 'not_measured') return t('record.notMeasured');
    return t(`field.${field}`);
  }

  const fieldName = (field: string) =>
    field === 'bp_sys' ? t('field.blood_pressure') : t(`field.${field}` as MessageKey);

  /** The catalogue's word for a code of the server's, or the code itself where it is free text. */
  function wordOf(key: string, code: string, known: readonly string[]): string {
    return known.includes(code) ? t(`${key}.${code}` as MessageKey) : code;
  }

  function textOf(field: RecordedField, recorded: Recorded): string {
    if (isBlank(field, recorded)) return t('record.notRecorded');
    if (isNumber(field)) {
      const value = formatReading(recorded[field] ?? null, DECIMALS[field]);
      return t('common.withUnit', { value, unit: t(`unit.${field}`) }).trim();
    }
    switch (field) {
      case 'datetime':
        return format.dateTime(recorded.datetime!);
      case 'supplemental_oxygen':
        return t(recorded.supplemental_oxygen === true ? 'oxygen.oxygen' : 'oxygen.air');
      case 'oxygen_device':
        return wordOf('oxygen.devices', recorded.oxygen_device!, [
          'nasal_cannula',
          'simple_mask',
          'venturi',
          'reservoir',
          'other',
        ]);
      case 'consciousness':
        return t(`consciousness.${recorded.consciousness!}`);
      case 'status':
        return wordOf('course.status', recorded.status!, ['febrile', 'critical', 'recovery']);
      case 'warning_signs': {
        const signs = recorded.warning_signs ?? [];
        if (signs.length === 0) return t('course.noneFound');
        return signs.map((sign) => t(`course.signs.${sign}` as MessageKey)).join(', ');
      }
      case 'not_measured':
        return Object.entries(recorded.not_measured ?? {})
          .map(([name, reason]) => `${fieldName(name)}: ${t(`notMeasured.${reason!}`)}`)
          .join(', ');
      case 'monitoring_interval':
        return t('record.every', { duration: format.duration((recorded.monitoring_interval ?? 0) * 60_000) });
      default:
        return String(recorded[field]);
    }
  }

  return { labelOf, textOf };
}
