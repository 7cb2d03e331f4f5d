// @vitest-environment jsdom

import { mount, type VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it } from 'vitest';

import { usePatientsStore } from '@/stores/patients';
import { makePatient } from '@/testing';
import BedFields from './BedFields.vue';

beforeEach(() => {
  setActivePinia(createPinia());
  const patients = [
    makePatient({ id: 1, ward: '7A', bed: '3', last_name: 'Neighbour' }),
    makePatient({ id: 2, ward: '8B', bed: '3' }),
  ];
  for (const patient of patients) {
    usePatientsStore().receive({ type: 'change', action: 'create', data: { ...patient }, event: patient.id });
  }
});

/** The fields of patient 9 as a form holds them; what is chosen comes back into it. */
function open(props: { ward?: string; bed?: string; isWardFixed?: boolean } = {}): VueWrapper {
  const fields: VueWrapper = mount(BedFields, {
    props: {
      patientId: 9,
      errors: {},
      ward: '7A',
      bed: '',
      ...props,
      'onUpdate:ward': (ward: string) => fields.setProps({ ward }),
      'onUpdate:bed': (bed: string) => fields.setProps({ bed }),
      'onUpdate:isWardSure': (isWardSure: boolean) => fields.setProps({ isWardSure }),
    },
  });
  return fields;
}
const by = (fields: VueWrapper, id: string) => fields.find(`[data-testid=${id}]`);
const held = (fields: VueWrapper) => fields.props() as { ward: string; bed: string; isWardSure: boolean };

async function nameNewWard(fields: VueWrapper, name: string): Promise<void> {
  const options = by(fields, 'field-ward').findAll('option');
  await options.at(-1)!.setValue();
  await by(fields, 'field-new-ward').setValue(name);
}

describe('a ward', () => {
  it('is chosen among those that there are', async () => {
    const fields = open();
    const names = by(fields, 'field-ward')
      .findAll('option')
      .map((one) => one.text());
    expect(names).toEqual(['No ward', '7A', '8B', 'New ward …']);
    await by(fields, 'field-ward').setValue('8B');
    expect(held(fields).ward).toBe('8B');
    expect(by(fields, 'field-new-ward').exists()).toBe(false);
  });

  it('that is new is typed and confirmed', async () => {
    const fields = open();
    await nameNewWard(fields, '9C');
    expect(held(fields)).toMatchObject({ ward: '9C', isWardSure: false });
    await by(fields, 'confirm-ward').trigger('click');
    expect(held(fields)).toMatchObject({ ward: '9C', isWardSure: true });
    await by(fields, 'field-new-ward').setValue('9D');
    expect(held(fields).isWardSure, 'another name is asked about again').toBe(false);
  });

  it('that is there under another spelling is that ward, without a question', async () => {
    const fields = open();
    await nameNewWard(fields, ' 7 a');
    expect(held(fields)).toMatchObject({ ward: '7A', isWardSure: true });
    expect(by(fields, 'ward-is-there').text()).toContain('7A');
  });

  it('of a draft that comes back is asked about as it was', async () => {
    const fields = open();
    await fields.setProps({ ward: '9C' });
    expect((by(fields, 'field-new-ward').element as HTMLInputElement).value).toBe('9C');
    expect(held(fields).isWardSure).toBe(false);
  });

  it('of a stay that is over can be kept though nobody lies there now', () => {
    const fields = open({ ward: '6F' });
    expect(by(fields, 'field-ward').findAll('option')[1]!.text()).toBe('6F');
  });

  it('is only shown to who moves beds within it', () => {
    const fields = open({ isWardFixed: true });
    expect(by(fields, 'field-ward').exists()).toBe(false);
    expect(fields.text()).toContain('7A');
  });
});

describe('a bed', () => {
  it('that somebody has is said, whatever the spelling, and is free on another ward', async () => {
    const fields = open({ bed: ' 3' });
    expect(by(fields, 'bed-taken').text()).toContain('NEIGHBOUR');
    await by(fields, 'field-bed').setValue('4');
    expect(by(fields, 'bed-taken').exists()).toBe(false);
  });
});
