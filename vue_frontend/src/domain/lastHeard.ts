/** When this device last heard from the server, for a page that is opened without a line. */

const KEY = 'wardlight.heardAt';

export function noteHeard(at: number): void {
  try {
    localStorage.setItem(KEY, String(at));
  } catch {
    // Where storage is blocked, the page says "not connected" without a time.
  }
}

/** Server time, ms; null where nothing was heard, or storage is blocked. */
export function lastHeardAt(): number | null {
  try {
    const at = Number(localStorage.getItem(KEY) ?? NaN);
    return Number.isFinite(at) ? at : null;
  } catch {
    return null;
  }
}
