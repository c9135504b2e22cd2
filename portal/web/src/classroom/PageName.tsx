/** A name that gives way in its middle, so that pages of one worksheet are told apart by the number at its end. */
export function PageName({ name }: { name: string }) {
  const [, words = name, number = ''] = /^(.*\S)(\s+\S{1,4})$/.exec(name) ?? [];
  return (
    <span class="page-name">
      <span class="page-name__words">{words}</span>
      {number !== '' && <span class="page-name__number">{number}</span>}
    </span>
  );
}
