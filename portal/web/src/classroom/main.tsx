/** Entry of the classroom page: `#app[data-lesson]` is the place, `<meta name="csrf">` the token. */

import { render } from 'preact';
import { LessonSession } from '../net/session';
import { speakAsThePage } from '../ui/i18n';
import { App } from './App';
import { ClassroomPortal } from './api';
import './classroom.css';

const root = document.getElementById('app');
const lesson = root?.dataset.lesson;
if (root && lesson) {
  await speakAsThePage();
  const csrf = document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? '';
  root.replaceChildren();
  render(
    <App
      lesson={lesson}
      csrf={csrf}
      portal={new ClassroomPortal(lesson, csrf)}
      openSession={() => LessonSession.open({ lesson, csrf })}
      onLeft={() => location.assign('/')}
    />,
    root,
  );
}
