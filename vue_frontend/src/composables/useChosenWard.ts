import { computed } from 'vue';
import { useRoute } from 'vue-router';

import { useDeviceStore } from '@/stores/device';
import { usePatientsStore } from '@/stores/patients';

/** The ward that this screen asks for, in the board's address or by what this device remembers; '': none. */
export function useAskedWard() {
  const route = useRoute();
  const device = useDeviceStore();
  return computed(() => {
    const inAddress = route.name === 'board' ? route.query.ward : undefined;
    return typeof inAddress === 'string' ? inAddress : device.ward;
  });
}

/**
 * The ward that this screen has chosen; '': none, it shows all.
 *
 * The board's address wins over what this device remembers; a ward that is gone shows all, once it is known
 * which wards there are.
 */
export function useChosenWard() {
  const asked = useAskedWard();
  const patients = usePatientsStore();
  return computed(() => (!patients.isLoaded || patients.wards.includes(asked.value) ? asked.value : ''));
}
