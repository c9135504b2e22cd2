/** On the sign-in page: nobody is signed in here, so this device gives up its copies of lessons. */
import { forgetLessons } from '../net/leaving';

await forgetLessons();
