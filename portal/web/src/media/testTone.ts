import { levels } from './speaking';

const NOTES_HZ = [523.25, 783.99];
const NOTE_S = 0.28;

/** Plays two soft notes through the chosen speaker and resolves when they are over. Rejects if the browser forbids it. */
export async function playTestTone(speaker: string): Promise<void> {
  await levels.resume();
  const context = levels.context();
  await context.resume();
  const out = context.createMediaStreamDestination();
  // Through an <audio> element, because only that can be sent to a speaker other than the default one.
  const audio = new Audio();
  audio.srcObject = out.stream;
  if (speaker && typeof audio.setSinkId === 'function') {
    await audio.setSinkId(speaker);
  }
  await audio.play();
  const begin_s = context.currentTime + 0.05;
  await new Promise<void>((resolve) => {
    for (const [i, frequency] of NOTES_HZ.entries()) {
      const at = begin_s + i * NOTE_S;
      const oscillator = context.createOscillator();
      const gain = context.createGain();
      oscillator.frequency.value = frequency;
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(0.22, at + 0.03);
      gain.gain.exponentialRampToValueAtTime(0.001, at + NOTE_S + 0.15);
      oscillator.connect(gain).connect(out);
      oscillator.start(at);
      oscillator.stop(at + NOTE_S + 0.2);
      if (i === NOTES_HZ.length - 1) {
        oscillator.onended = () => resolve();
      }
    }
  });
  audio.srcObject = null;
}
