import type { actsEn } from './en-acts';

/** Spanish: acts on a stay and on a set: wards, beds, undoing, slips, late sets. */
export const actsEs: typeof actsEn = {
  place: {
    noWard: 'Ninguna planta',
    newWard: 'Planta nueva …',
    newWardName: 'Nombre de la planta nueva',
    newWardAsk: 'Todavía no hay una planta {ward}. ¿Está bien escrita?',
    newWardConfirm: 'Sí, una planta nueva {ward}',
    newWardConfirmed: 'Planta nueva {ward}.',
    wardIsThere: 'Es la planta {ward}.',
    wardMissing: 'Escriba el nombre de la planta o elija una.',
    swap: 'Intercambiar con {name}',
    shared: 'Cama ocupada dos veces',
    sharedLong: 'Otro paciente tiene también esta cama',
    nursePause: 'Pausa de enfermería',
    nursePauseLong: 'Fuera de la planta, en pausa de enfermería hasta {time}',
    nursePauseText: 'De enfermería, 4 horas como máximo, junto con lo pausado desde la última toma.',
    nursePauseTooLong:
      'Enfermería pausa 4 horas como máximo. Un médico o la supervisión puede poner una más larga.',
    pausedByNurse: 'por {name}, enfermería',
  },
  stayUndo: {
    move: '{name} trasladado: {place}.',
    swap: '{name} y {other} han intercambiado las camas.',
    discharge: '{name} dado de alta.',
    changed: 'No se deshizo: otra persona ha cambiado a este paciente entretanto.',
    failed: 'No se deshizo: el servidor lo rechazó.',
  },
  lateSet: {
    earlier: 'Antes',
    date: 'Día de la toma',
    reason: 'Por qué se registra tarde',
    reasonMissing: 'Diga por qué una toma de un día anterior se registra ahora.',
  },
};
