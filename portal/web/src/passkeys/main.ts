/**
 * Passkeys on the portal's pages: a press on a button asks the device, and its answer goes to the portal as a field of
 * the button's form. Pages work without this; what is offered only here is hidden until it can work.
 */
import { type Phrase, phrase, speakAsThePage, t } from '../ui/i18n';

const WORDS: Readonly<Record<string, Phrase>> = {
  InvalidStateError: phrase('This device has a passkey for this account already.'),
  NotAllowedError: phrase('It was cancelled, or took too long. Press again to try once more.'),
  SecurityError: phrase('This browser makes no passkeys at this address.'),
};
const OTHERWISE = phrase('The passkey could not be used. Try another way.');

/** Only where the browser reads the portal's JSON by itself (Level 3), at an address that may have passkeys. */
function isPossible(): boolean {
  const isNumeric = /^[\d.]+$|^\[/.test(location.hostname);
  return (
    window.isSecureContext &&
    !isNumeric &&
    typeof PublicKeyCredential === 'function' &&
    typeof PublicKeyCredential.parseCreationOptionsFromJSON === 'function'
  );
}

async function ask(kind: string | undefined, options: string): Promise<string> {
  const given: unknown = JSON.parse(options);
  const found =
    kind === 'create'
      ? await navigator.credentials.create({
          publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(given as PublicKeyCredentialCreationOptionsJSON),
        })
      : await navigator.credentials.get({
          publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(given as PublicKeyCredentialRequestOptionsJSON),
        });
  if (!(found instanceof PublicKeyCredential)) throw new DOMException('no credential', 'NotAllowedError');
  return JSON.stringify(found);
}

async function press(button: HTMLButtonElement, words: HTMLElement | null): Promise<void> {
  const { form } = button;
  const field = form?.elements.namedItem(button.dataset.field ?? 'credential');
  if (form === null || !(field instanceof HTMLInputElement)) return;
  button.disabled = true;
  if (words) words.hidden = true;
  try {
    field.value = await ask(button.dataset.passkey, button.dataset.options ?? '{}');
    form.submit();
  } catch (error) {
    const name = error instanceof DOMException ? error.name : '';
    if (words) {
      words.textContent = t(WORDS[name] ?? OTHERWISE);
      words.hidden = false;
    }
    button.disabled = false;
  }
}

if (isPossible()) {
  await speakAsThePage();
  for (const other of document.querySelectorAll<HTMLElement>('[data-passkey-else]')) other.hidden = true;
  for (const form of document.querySelectorAll<HTMLElement>('[data-passkey-form]')) form.hidden = false;
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-passkey]')) {
    const words = button.form?.querySelector<HTMLElement>('[data-passkey-words]') ?? null;
    button.hidden = false;
    button.addEventListener('click', () => void press(button, words));
  }
}
