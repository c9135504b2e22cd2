/** How the player's desks ask the portal. */
import type { Signal } from '@preact/signals';
import { PortalError } from '../net/portal';

/** Takes the portal's answer; a refusal goes into `failure` in its own words. Returns whether the portal has it now. */
export async function attempt(
  failure: Signal<string>,
  call: () => Promise<unknown>,
  take: (answer: unknown) => void,
): Promise<boolean> {
  try {
    take(await call());
    failure.value = '';
    return true;
  } catch (error) {
    if (!(error instanceof PortalError)) {
      throw error;
    }
    failure.value = error.message;
    return false;
  }
}
